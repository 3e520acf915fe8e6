"""How often an API key may call: its organization's plan and its own limits say it (reliability.md §2.8)."""

from collections.abc import Iterator
from typing import Any, cast

from django.conf import settings
from limits import RateLimitItem, parse
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from billing.counting import Window, counter
from billing.queries import rates_of
from loci.http.addresses import counted_address
from orgs.permissions import method_of
from orgs.queries import Caller

OTHER = "other"
"""The rate of every request for which its view names none."""


class PlanThrottle(BaseThrottle):
    """Answers 429 beyond the plan's rate for the view and the method (`rates = {"POST": "add"}`), or a key's own.

    Every answer under a limit carries `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds since the epoch), as the
    official clients read them (contract.md §1), of the limit that leaves the least. Without a limit nothing is counted,
    and Redis is not asked. A session counts as its person.
    """

    window: Window | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Counts the request and tells whether it may go on; one without a key is never counted."""
        caller = cast("Caller | None", request.user)
        if caller is None or caller.place is None:
            return True
        is_read = _is_read(request, view)
        for limit, name in _limits(caller, getattr(view, "rates", {}).get(method_of(request), OTHER)):
            found = counter(settings.REDIS_URL).count(
                limit, str(caller.key_id or caller.user_id), name, is_read=is_read
            )
            if found is None:
                continue
            if self.window is None or found.remaining <= self.window.remaining:
                self.window = found
            if not found.is_admitted:
                break
        if self.window is None:
            return True
        view.headers.update(self.window.headers)
        return self.window.is_admitted

    def wait(self) -> float | None:
        """Returns the seconds after which a refused request may come again: `Retry-After` is made of it."""
        return self.window.seconds_left if self.window else None


class AddressThrottle(BaseThrottle):
    """Answers 429 beyond the view's `address_rate` ("60/hour") for each `counted_address`, whoever calls."""

    window: Window | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Counts the request and tells whether it may go on."""
        address = counted_address(request._request)
        self.window = counter(settings.REDIS_URL).count(
            parse(view.address_rate), "address", address, type(view).__name__, is_read=False
        )
        return self.window is None or self.window.is_admitted

    def wait(self) -> float | None:
        """Returns the seconds after which a refused request may come again."""
        return self.window.seconds_left if self.window else None


def _limits(caller: Caller, name: str) -> Iterator[tuple[RateLimitItem, str]]:
    """Each limit and the name that it counts under. The quota is last: what was refused before does not use it up."""
    if rate := rates_of(caller.here.org_id).get(name):
        yield parse(rate), name
    key = caller.key
    if key and key.rate_per_minute is not None:
        yield parse(f"{key.rate_per_minute}/minute"), "key"
    if key and key.daily_quota is not None:
        yield parse(f"{key.daily_quota}/day"), "quota"


def _is_read(request: Request, view: Any) -> bool:
    """Searches and lists are reads, though most are POST requests; the scope that they need says so."""
    scope = getattr(view, "scopes", {}).get(method_of(request), "")
    return request.method in SAFE_METHODS or scope.endswith(":read")
