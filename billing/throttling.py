"""How often an API key may call: the rates of its organization's plan (reliability.md §2.8)."""

import math
from typing import Any, cast

from django.conf import settings
from limits import parse
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from billing.counting import Window, counter
from billing.queries import rates_of
from orgs.permissions import method_of
from orgs.queries import Caller

OTHER = "other"
"""The rate of every request for which its view names none."""


class PlanThrottle(BaseThrottle):
    """Answers 429 beyond the plan's rate for the view and the method (`rates = {"POST": "add"}`).

    Every answer under a limit carries `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds since the epoch), as the
    official clients read them (contract.md §1). Without a limit nothing is counted, and Redis is not asked.
    """

    window: Window | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Counts the request and tells whether it may go on; one without a key is never counted."""
        caller = cast("Caller | None", request.user)
        if caller is None:
            return True
        name = getattr(view, "rates", {}).get(method_of(request), OTHER)
        rate = _rate_of(caller, name)
        if rate is None:
            return True
        self.window = counter(settings.REDIS_URL).count(
            parse(rate), str(caller.key_id), name, is_read=_is_read(request, view)
        )
        if self.window is None:
            return True
        view.headers.update(_headers(self.window))
        return self.window.is_admitted

    def wait(self) -> float | None:
        """Returns the seconds after which a refused request may come again: `Retry-After` is made of it."""
        return self.window.seconds_left if self.window else None


def _rate_of(caller: Caller, name: str) -> str | None:
    assert caller.tenant.org_id  # noqa: S101 - the lookup of a key always names the organization
    return rates_of(caller.tenant.org_id).get(name)


def _is_read(request: Request, view: Any) -> bool:
    """Searches and lists are reads, though most are POST requests; the scope that they need says so."""
    scope = getattr(view, "scopes", {}).get(method_of(request), "")
    return request.method in SAFE_METHODS or scope.endswith(":read")


def _headers(window: Window) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(window.limit),
        "X-RateLimit-Remaining": str(window.remaining),
        "X-RateLimit-Reset": str(math.ceil(window.resets_at)),
    }
