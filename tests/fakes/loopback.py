"""What fakes of remote services share: a server on loopback that runs in a thread of its own."""

import threading
from http.server import HTTPServer
from types import TracebackType
from typing import Self


class Loopback:
    """Serves while it is entered. Then `closing` is set, so that nobody goes on waiting."""

    def serve_by(self, server: HTTPServer) -> None:
        """Says by what; called once, before it is entered."""
        self.closing = threading.Event()
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def bound_port(self) -> int:
        """Returns the port that it has."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
