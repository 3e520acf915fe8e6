"""What must hold for every HTML page, errors among them (reliability.md §2.18)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from loci.http.errors import response_to

PREFIXES = ("/account/",)
"""Where people look, and not programs."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none';"
    " require-trusted-types-for 'script'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # "no-referrer" would make browsers send `Origin: null` with forms, which then look like a stranger's.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def is_page(request: HttpRequest) -> bool:
    """Tells whether a browser asks, so that an error is a page too, and not JSON."""
    return f"{request.path_info}/".startswith(PREFIXES)


class PagesMiddleware:
    """Gives pages their headers, and turns what a view of theirs raises into the page `<status>.html`.

    A view that must let a form go elsewhere sets its own Content-Security-Policy.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if is_page(request):
            for name, value in HEADERS.items():
                response.setdefault(name, value)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answers an outage with the page of 503; None leaves the rest to Django's own pages."""
        if not is_page(request):
            return None
        answer = response_to(error)
        if answer is None or answer.status_code != 503:
            return None
        page = render(request, "503.html", status=503)
        page["Retry-After"] = answer["Retry-After"]
        return page
