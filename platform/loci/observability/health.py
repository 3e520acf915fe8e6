"""Whether this process can serve: it lives, and Postgres answers it in time (reliability.md §2.16)."""

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from threading import Lock

import redis
from django.conf import settings
from django.db import DatabaseError, connection

POSTGRES_TIMEOUT_S = 1
REDIS_TIMEOUT_S = 0.5

_asker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readiness")
_lock = Lock()
_question: Future[list[str]] | None = None


def projects_without_index() -> list[str] | None:
    """Returns the ids of large projects that `manage.py maintain` has not given their indexes yet.

    None when no connection of this process's pool answers within a second.
    """
    try:
        return _ask_postgres().result(timeout=POSTGRES_TIMEOUT_S)
    except (DatabaseError, FutureTimeoutError):
        return None


def redis_answers() -> bool:
    """Tells whether Redis answers within half a second. Nothing is lost without it, so it decides nothing."""
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=REDIS_TIMEOUT_S, socket_timeout=REDIS_TIMEOUT_S
    )
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def _ask_postgres() -> Future[list[str]]:
    """Returns the question on its way, so that a hanging Postgres is asked once and not by every probe."""
    global _question  # noqa: PLW0603 - one question per process is the point
    with _lock:
        if _question is None or _question.done():
            _question = _asker.submit(_select)
        return _question


def _select() -> list[str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT public_id FROM search_index WHERE NOT ready ORDER BY public_id")
            return [public_id for (public_id,) in cursor.fetchall()]
    finally:
        connection.close()
