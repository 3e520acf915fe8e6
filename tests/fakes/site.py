"""A web server on loopback, kind and hostile: its path says how it answers."""

import functools
import gzip
import socket
import ssl
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from tests.fakes.loopback import Loopback

DRIP_PAUSE_S = 0.05


@functools.cache
def bomb() -> bytes:
    """Returns 64 KiB of gzip that 64 MiB of zeros lie in."""
    press = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    return b"".join(press.compress(bytes(1024 * 1024)) for _ in range(64)) + press.flush()


@dataclass(frozen=True)
class Seen:
    """A request that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Site(Loopback):
    """Serves at `port`, with TLS when it has a context. `names` are what clients gave in their handshakes (SNI)."""

    tls: ssl.SSLContext | None = None
    requests: list[Seen] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    """By path; they go before the answers that are known by theirs."""

    def __post_init__(self) -> None:
        self.serve_by(_Server(self))
        if self.tls:
            self.tls.sni_callback = lambda _, name, __: self.names.append(name)

    @property
    def port(self) -> int:
        """Returns the port, of 127.0.0.1."""
        return self.bound_port

    @property
    def paths(self) -> list[str]:
        """Returns the paths of the requests that arrived."""
        return [seen.path for seen in self.requests]


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, site: Site) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.site = site

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.site.tls:
            request = self.site.tls.wrap_socket(request, server_side=True)
        with request:
            super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what many tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.site.requests.append(Seen(self.path, dict(self.headers), body))
        if (file := self.server.site.files.get(self.path)) is not None:
            return self.answer(file)
        return ANSWERS.get(self.path.split("?")[0], _plain)(self)

    def do_POST(self) -> None:
        self.do_GET()

    def answer(self, body: bytes, *, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def drip(self, piece: bytes) -> None:
        """Sends a piece again and again until somebody hangs up."""
        while not self.server.site.closing.wait(DRIP_PAUSE_S):
            self.wfile.write(piece)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so.
        """Tests are quiet."""


def _plain(handler: _Handler) -> None:
    handler.answer(b'{"hello": "there"}', Content_Type="application/json", X_From="site")


def _redirect(handler: _Handler) -> None:
    handler.answer(b"", status=302, Location=f"http://127.0.0.1:{handler.server.site.port}/inner")


def _to(handler: _Handler) -> None:
    place = unquote(handler.path.partition("?")[2])
    handler.answer(b"", status=302, Location=place.encode(errors="surrogatepass").decode("latin-1"))


def _loop(handler: _Handler) -> None:
    handler.answer(b"", status=307, Location="loop")


def _gone(handler: _Handler) -> None:
    handler.answer(b"No such file.", status=404)


def _busy(handler: _Handler) -> None:
    handler.answer(b"", status=503)


def _zeros(handler: _Handler) -> None:
    handler.answer(bytes(int(handler.path.partition("?")[2])))


def _cookie(handler: _Handler) -> None:
    handler.answer(b"", Set_Cookie="session=1; Path=/")


def _zipped(handler: _Handler) -> None:
    handler.answer(gzip.compress(b"zipped"), Content_Encoding="gzip")


def _bomb(handler: _Handler) -> None:
    handler.answer(bomb(), Content_Encoding="gzip")


def _large(handler: _Handler) -> None:
    handler.answer(bytes(1024 * 1024 + 1))


def _just_small_enough(handler: _Handler) -> None:
    handler.answer(bytes(1024 * 1024))


def _silent(handler: _Handler) -> None:
    handler.server.site.closing.wait()


def _slow_headers(handler: _Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    handler.drip(b"x")


def _slow_body(handler: _Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    handler.drip(b"x")


def _cut(handler: _Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")
    handler.connection.shutdown(socket.SHUT_RDWR)


def _nonsense(handler: _Handler) -> None:
    handler.wfile.write(b"220 mail.example ESMTP\r\n")


ANSWERS: dict[str, Callable[[_Handler], None]] = {
    "/redirect": _redirect,
    "/to": _to,
    "/loop": _loop,
    "/gone": _gone,
    "/busy": _busy,
    "/zeros": _zeros,
    "/cookie": _cookie,
    "/zipped": _zipped,
    "/bomb": _bomb,
    "/large": _large,
    "/just-small-enough": _just_small_enough,
    "/silent": _silent,
    "/slow-headers": _slow_headers,
    "/slow-body": _slow_body,
    "/cut": _cut,
    "/nonsense": _nonsense,
}
