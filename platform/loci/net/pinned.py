"""Connections to addresses that are known before: no name is asked for again, and all is over at a deadline."""

import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import certifi
from django.conf import settings
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import create_connection

from loci.net.guard import UNREACHABLE, Address, CheckedUrl

CONNECT_TIMEOUT_S = 3.0


class Deadline:
    """A time after which the sockets that it watches are cut, whatever they wait for: handshake, header or body.

    A socket's own timeout cannot do that: it begins anew with each byte that a slow server sends.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    @property
    def has_passed(self) -> bool:
        """Tells whether the time is up; what was read may then be cut short."""
        return time.monotonic() >= self._end

    def watch(self, connected: socket.socket) -> None:
        """Cuts this socket too when the time is up, also after TLS has taken it over."""
        self._sockets.append(connected.dup())
        if self.has_passed:
            self._cut()

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        for watched in self._sockets:
            watched.close()

    def _cut(self) -> None:
        for watched in self._sockets:
            with suppress(OSError):  # The other side may have closed it first.
                watched.shutdown(socket.SHUT_RDWR)


def pinned_pool(
    url: CheckedUrl, addresses: Sequence[Address], deadline: Deadline, *, connect_s: float = CONNECT_TIMEOUT_S
) -> HTTPConnectionPool:
    """Returns a pool for one request to `url`: it connects to the first of `addresses` that takes it, in `connect_s`.

    The `Host` header, SNI and the certificate's check (`LOCI_CA_BUNDLE`, or the public authorities) use the URL's name.
    """
    pins: dict[str, Any] = {"addresses": addresses, "deadline": deadline, "connect_s": connect_s}
    if url.scheme == "http":
        return _PinnedPool(url.host, url.port, **pins)
    authorities = settings.CA_BUNDLE or certifi.where()
    return _PinnedTlsPool(url.host, url.port, cert_reqs="CERT_REQUIRED", ca_certs=authorities, **pins)


class _PinnedConnection(HTTPConnection):
    def __init__(
        self, *args: Any, addresses: Sequence[Address], deadline: Deadline, connect_s: float, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._addresses = addresses
        self._deadline = deadline
        self._connect_s = connect_s

    def _new_conn(self) -> socket.socket:
        end = time.monotonic() + self._connect_s
        for address in self._addresses:
            left = end - time.monotonic()
            if left <= 0:
                raise ConnectTimeoutError(self, UNREACHABLE)
            with suppress(OSError):
                connected = create_connection((str(address), self.port), left, socket_options=self.socket_options)
                self._deadline.watch(connected)
                return connected
        raise NewConnectionError(self, UNREACHABLE)


class _PinnedTlsConnection(_PinnedConnection, HTTPSConnection):
    pass


class _PinnedPool(HTTPConnectionPool):
    ConnectionCls = _PinnedConnection


class _PinnedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _PinnedTlsConnection
