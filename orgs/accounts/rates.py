"""How often people's pages may be asked, besides what django-allauth counts by itself.

The counts are in the cache that all processes share; GET and HEAD are never counted.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.core.internal import ratelimit  # Its public face knows the rates of its own pages only.
from allauth.core.internal.ratelimit import RateLimitUsage
from django.http import HttpRequest, HttpResponse

RATES = {
    "login_failed_everywhere": "300/h/key",
    "invite": "100/d/key",
    "invited": "10/d/key",
    "sso_begin": "60/m/ip",
    "sso_start": "60/m/ip",
}
"""What allauth's setting `ACCOUNT_RATE_LIMITS` would say: per key, or per address (`AccountAdapter.get_client_ip`)."""

View = Callable[..., HttpResponse]


def count(request: HttpRequest, action: str, key: str) -> RateLimitUsage | None:
    """Counts once more under `key`; returns what can be taken back by `rollback()`, None beyond the rate."""
    return ratelimit.consume(request, app=__name__, action=action, config=RATES, key=key)


def forget(request: HttpRequest, action: str, key: str) -> None:
    """Begins the count under `key` anew."""
    ratelimit.clear(request, app=__name__, action=action, config=RATES, key=key)


def rate(action: str) -> Callable[[View], View]:
    """Lets a page answer 429 to an address that asks more often than the rate of `action`."""

    def limited(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if ratelimit.consume(request, app=__name__, action=action, config=RATES):
                return view(request, *args, **kwargs)
            return ratelimit.respond_429(request)

        return answer

    return limited
