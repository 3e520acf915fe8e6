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
    """Lets a caller in who has the scope named by the view for the method (`scopes = {"GET": "memories:read"}`)."""

    message = "You lack the scope for this operation."

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tells whether the caller has the scope; a method that the view does not name needs none."""
        wanted = getattr(view, "scopes", {}).get(method_of(request))
        return wanted is None or wanted in cast("Caller", request.user).scopes


class IsForBoundKeys(BasePermission):
    """Keeps a key that is bound to one user, agent or app to the methods that a view opens to it (`for_bound_keys`)."""

    message = "This API key is bound to one user, agent or app, and may not do this."

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tells whether the key is not bound, or the method is open to bound ones."""
        key = cast("Caller", request.user).key
        return key is None or not key.entity or method_of(request) in getattr(view, "for_bound_keys", ())
