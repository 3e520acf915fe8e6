"""Waiting for servers that organizations name: they may take their time, and the others' requests must not pay it."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from loci.errors import DependencyError
from loci.http.places import place_if_free

NO_PLACE = "Too many requests wait for other servers."
RETRY_AFTER_S = 2

_providers: set[str] = set()
"""Those for which a request of this process waits."""
_lock = Lock()


@contextmanager
def place_to_wait(provider_id: str = "") -> Iterator[None]:
    """Holds one of the places of `loci.http.places`, and of each provider `sso_…` the only one.

    Raises `DependencyError` (503) when none is free.
    """
    with _alone(provider_id), place_if_free() as has_place:
        if not has_place:
            raise DependencyError(NO_PLACE, retry_after=RETRY_AFTER_S)
        yield


@contextmanager
def _alone(provider_id: str) -> Iterator[None]:
    if not provider_id:
        yield
        return
    with _lock:
        if provider_id in _providers:
            raise DependencyError(NO_PLACE, retry_after=RETRY_AFTER_S)
        _providers.add(provider_id)
    try:
        yield
    finally:
        with _lock:
            _providers.discard(provider_id)
