"""How a request proves who it acts for (contract.md §1, Auth): by an API key, or by the session of a person."""

from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import cast
from uuid import UUID

from django.db import connection
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from loci.http.addresses import client_address
from loci.http.errors import INVALID_API_KEY
from orgs import audit
from orgs.accounts.middleware import SSO_ORG, is_over
from orgs.models import User
from orgs.queries import Caller, Refused, caller_of
from orgs.services.api_keys import touch_key

KEYWORDS = {b"token", b"bearer"}
WRONG_ADDRESS = "This API key may not be used from your address."


class ApiKeyAuthentication(BaseAuthentication):
    """Reads `Authorization: Token <key>` or `Bearer <key>`; `request.user` is then the `Caller`."""

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        """Returns the caller; None without the header.

        Raises `AuthenticationFailed` for any key that is not valid, `PermissionDenied` for an address that the key
        does not allow.
        """
        parts = get_authorization_header(request).split()
        if not parts:
            return None
        if len(parts) != 2 or parts[0].lower() not in KEYWORDS:
            raise AuthenticationFailed(INVALID_API_KEY)
        key = parts[1].decode("ascii", errors="replace")
        address = client_address(request)
        caller = caller_of(key)
        if isinstance(caller, Refused):
            audit.note_refused_key(caller, address)
        if not isinstance(caller, Caller):
            raise AuthenticationFailed(INVALID_API_KEY)
        caller = replace(caller, address=address)
        _check_address(caller, address)
        touch_key(caller, key)
        return caller, None

    def authenticate_header(self, request: Request) -> str:
        """Returns the challenge that makes a missing key a 401 and not a 403."""
        return "Token"


class PersonAuthentication(SessionAuthentication):
    """Reads the session of somebody who logged in; changes need its CSRF token."""

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        """Returns the caller; None without a session, or with one that is over.

        Raises `PermissionDenied` without the CSRF token.
        """
        try:
            found = super().authenticate(request)
            if found is None:
                return None
            person = cast("User", found[0])
            session = request._request.session
            if is_over(session, person):
                return None
            only_org = session.get(SSO_ORG)
        finally:
            # Nothing of the request may hold a connection while it waits for a model.
            connection.close()
        caller = Caller(
            user_id=person.id,
            user_email=person.email,
            only_org=UUID(only_org) if only_org else None,
            address=client_address(request),
        )
        return caller, None


def _check_address(caller: Caller, address: str) -> None:
    allowed = caller.key.allowed_cidrs if caller.key else ()
    if allowed and not any(ip_address(address) in ip_network(cidr) for cidr in allowed):
        audit.note_denied(caller, "key.use", reason="address")
        raise PermissionDenied(WRONG_ADDRESS)
