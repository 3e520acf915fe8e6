"""How the API's description names our authentication."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """`Authorization: Token <key>`, as the official clients send it."""

    target_class = "orgs.authentication.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Returns the scheme of OpenAPI."""
        description = "The word `Token`, a space and the key: `Token loci_sk_…`. `Bearer` does as well."
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": description}


class PersonScheme(OpenApiAuthenticationExtension):
    """The session of somebody who logged in."""

    target_class = "orgs.authentication.PersonAuthentication"
    name = "Session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Returns the scheme of OpenAPI."""
        description = (
            "The session of a person who logged in at `/account/login/`. Requests name the project by `project_id`;"
            " changes carry the header `X-CSRFToken`."
        )
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME, "description": description}
