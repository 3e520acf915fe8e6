"""How a request proves who it acts for (contract.md §1, Auth)."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from loci.http.errors import INVALID_API_KEY
from orgs.queries import Caller, caller_of
from orgs.services import touch_key

KEYWORDS = {b"token", b"bearer"}


class ApiKeyAuthentication(BaseAuthentication):
    """Reads `Authorization: Token <key>` or `Bearer <key>`; `request.user` is then the `Caller`."""

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        """Returns the caller; None without the header; raises `AuthenticationFailed` for any key that is not valid."""
        parts = get_authorization_header(request).split()
        if not parts:
            return None
        if len(parts) != 2 or parts[0].lower() not in KEYWORDS:
            raise AuthenticationFailed(INVALID_API_KEY)
        caller = caller_of(parts[1].decode("ascii", errors="replace"))
        if caller is None:
            raise AuthenticationFailed(INVALID_API_KEY)
        touch_key(caller)
        return caller, None

    def authenticate_header(self, request: Request) -> str:
        """Returns the challenge that makes a missing key a 401 and not a 403."""
        return "Token"
