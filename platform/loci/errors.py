"""The errors that cross a boundary: what a caller did wrong, and what a dependency failed to do."""

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """A request that cannot be served as asked. The API answers `status` with `body`, which always has `detail`.

    `body` holds the hosted service's own keys (contract.md §2); `detail` is added where it is missing. `retry_after` is
    in seconds, where it is known when the same would be served.
    """

    status = 400

    def __init__(
        self,
        detail: str,
        *,
        status: int | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status or self.status
        self.headers = headers or {}
        self.retry_after = retry_after
        self.body = {**(body or {}), "detail": detail}


class NotFound(DomainError):
    """Something does not exist, or belongs to another tenant: the two answer alike."""

    status = 404


class DependencyError(Exception):
    """A service that Loci depends on failed or is not to be reached; the work can be tried again.

    `retry_after` is in seconds, where the service said it.
    """

    def __init__(self, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class NotNow(DependencyError):
    """The dependency must not be asked now: wait `retry_after` seconds; this is no failed attempt."""
