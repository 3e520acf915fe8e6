"""What a caller may do."""

from typing import cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from orgs.queries import Caller


class HasScope(BasePermission):
    """Lets a key in that has the scope named by the view for the method (`scopes = {"GET": "memories:read"}`)."""

    message = "This API key lacks the scope for this operation."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Tells whether the key has the scope; a method that the view does not name needs none."""
        wanted = getattr(view, "scopes", {}).get(request.method)
        caller = cast("Caller", request.user)
        return wanted is None or wanted in caller.scopes
