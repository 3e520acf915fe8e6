"""How the API's description names our authentication."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """`Authorization: Token <key>`, as the official clients send it."""

    target_class = "orgs.authentication.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Returns the scheme of OpenAPI."""
        description = "The word `Token`, a space and the key: `Token loci_sk_…`. `Bearer` does as well."
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": description}
