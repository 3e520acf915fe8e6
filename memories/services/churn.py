"""A source that suddenly writes or changes far more memories than usual is told of (reliability.md §2.11).

A source is an API key, or the person of a session. Its changes are counted by the hour in Redis; without Redis nobody
is told, and nothing else is lost.
"""

import logging
import time
from functools import cache

from django.conf import settings
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from loci.observability import metrics
from loci.tenancy.context import Tenant
from memories.provenance import Author

logger = logging.getLogger(__name__)

HOURS = 24
"""What is usual is the mean of so many hours before."""
TIMES, LEAST = 10, 500
"""Far more than usual is so many times that, and so many changes at the least."""
REDIS_TIMEOUT_S = 0.25


def note(tenant: Tenant, by: Author, changes: int) -> None:
    """Counts changes that were committed; logs a warning when the source's hour comes to be far more than usual."""
    source = by.key_id or by.actor_id
    if source is None or not changes:
        return
    try:
        this_hour, usual = _counted(f"churn:{tenant.project_id}:{source}", changes)
    except RedisError:
        return
    # Exactly one of an hour's counts passes the limit.
    if this_hour - changes < max(LEAST, TIMES * usual) <= this_hour:
        metrics.CHURN.inc()
        about = {"project": str(tenant.project_id), "source": str(source), "count": this_hour}
        logger.warning("memories.churn", extra=about)


def _counted(name: str, changes: int) -> tuple[int, float]:
    """The changes of this hour with these, and the mean of the hours before."""
    hour = _hour()
    with _redis(settings.REDIS_URL).pipeline() as pipe:
        pipe.incrby(f"{name}:{hour}", changes)
        pipe.expire(f"{name}:{hour}", (HOURS + 1) * 3600)
        pipe.mget([f"{name}:{hour - ago}" for ago in range(1, HOURS + 1)])
        this_hour, _, before = pipe.execute()
    return int(this_hour), sum(int(count or 0) for count in before) / HOURS


def _hour() -> int:
    return int(time.time()) // 3600


@cache
def _redis(url: str) -> Redis:
    timeouts = {"socket_timeout": REDIS_TIMEOUT_S, "socket_connect_timeout": REDIS_TIMEOUT_S}
    return Redis.from_url(url, **timeouts, retry=Retry(NoBackoff(), 0))
