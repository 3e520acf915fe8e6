"""What a caller may do."""

from typing import Any, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from orgs.queries import Caller


def method_of(request: Request) -> str:
    """Returns the method by whose name a view declares what a request needs: a HEAD is answered by GET's handler."""
    method = request.method or ""
    return "GET" if method == "HEAD" else method


class HasScope(BasePermission):
    """Lets a key in that has the scope named by the view for the method (`scopes = {"GET": "memories:read"}`)."""

    message = "This API key lacks the scope for this operation."

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tells whether the key has the scope; a method that the view does not name needs none."""
        wanted = getattr(view, "scopes", {}).get(method_of(request))
        caller = cast("Caller", request.user)
        return wanted is None or wanted in caller.scopes
