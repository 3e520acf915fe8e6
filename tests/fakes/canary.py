"""A listener at the loopback addresses that must never hear anything."""

import socket
import threading
from types import TracebackType
from typing import Self


class Canary:
    """Takes every connection to one port of 127.0.0.1 and [::1], and counts them."""

    def __init__(self) -> None:
        self.connections = 0
        first = socket.create_server(("127.0.0.1", 0))
        self.port = int(first.getsockname()[1])
        self._servers = [first]
        if socket.has_ipv6:
            self._servers.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        self._threads = [threading.Thread(target=self._listen, args=(server,)) for server in self._servers]

    def _listen(self, server: socket.socket) -> None:
        while True:
            try:
                heard, _ = server.accept()
            except OSError:
                return
            self.connections += 1
            heard.close()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.shutdown(socket.SHUT_RDWR)
            server.close()
        for thread in self._threads:
            thread.join()
