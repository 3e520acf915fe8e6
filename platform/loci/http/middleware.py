"""What must hold for every answer, also where no view was reached."""

import re
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError

from loci.http.errors import error_response, response_to
from loci.http.pages import is_page

MAX_DISCARDED_BYTES = 32 * 1024**2
_CHUNK_BYTES = 64 * 1024

GetResponse = Callable[[HttpRequest], HttpResponse]

_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


class CollapseSlashesMiddleware:
    """Reads `//v1/ping/`, which clients send whose host ends in a slash, as `/v1/ping/` (contract.md §1)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("//"):
            request.path_info = re.sub("^/+", "/", request.path_info)
            request.path = re.sub("^/+", "/", request.path)
        return self.get_response(request)


NO_SUCH_ENDPOINT = "This server has no such endpoint: /docs lists those that it has."


class JsonErrorsMiddleware:
    """Turns every error that is not JSON yet into it, outside of pages, and keeps the answers out of caches.

    It also refuses what would be misread: bodies without a length, other encodings than UTF-8, U+0000 in the address.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        refused = _misreadable(request)
        response = error_response(refused) if refused else self.get_response(request)
        is_json = "json" in response.get("Content-Type", "")
        if response.status_code >= 400 and not is_json and not is_page(request):
            kept = {name: response[name] for name in _KEPT_HEADERS if name in response}
            response = error_response(response.status_code, _said_of(request, response), kept)
        response.setdefault("Cache-Control", "no-store")
        _discard_body(request)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answers an error that a view outside of DRF raised; None leaves a bug to Django's signal and its 500."""
        return None if is_page(request) else response_to(error)


class OwnAddressMiddleware:
    """Shows the views the scheme and host of `LOCI_BASE_URL`, whatever the request and its proxies say of them.

    Any name may reach this server, so a link made of the Host header could lead to a stranger. It follows the check
    against forged requests, which compares what the browser sees.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        """Replaces both."""
        own = urlsplit(settings.BASE_URL)
        request.META.update({"HTTP_HOST": own.netloc, "wsgi.url_scheme": own.scheme})


def _said_of(request: HttpRequest, response: HttpResponse) -> dict[str, str]:
    """A client of another version must not take a missing endpoint for a missing memory."""
    unknown = response.status_code == 404 and request.resolver_match is None
    return {"detail": NO_SUCH_ENDPOINT} if unknown else {}


def _discard_body(request: HttpRequest) -> None:
    """Reads what the view left of the body.

    With more than a little of it unread, the server closes the connection under a client that still sends, which
    then never sees the 401 or 413.
    """
    left = MAX_DISCARDED_BYTES
    with suppress(UnreadablePostError):
        while left > 0 and (chunk := request.read(min(left, _CHUNK_BYTES))):
            left -= len(chunk)


def _misreadable(request: HttpRequest) -> int | None:
    """Returns the status that refuses `request`, or None."""
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        return 411  # WSGI without a length reads an empty body, and the request would seem to ask for nothing.
    charset = (request.content_params or {}).get("charset", "utf-8").strip("\"'").lower()
    if charset not in {"utf-8", "utf8"}:
        return 415
    if request.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}:
        return 415
    if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
        return 400
    return None
