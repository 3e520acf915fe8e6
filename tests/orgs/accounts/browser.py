"""A browser without scripts: it keeps cookies, and sends forms as it was given them."""

import re
from email.message import Message
from typing import Any, cast
from urllib.parse import urlsplit

from django.core import mail
from django.test import Client

PASSWORD = "a long way to tipperary"
WIDE_E = "\N{FULLWIDTH LATIN SMALL LETTER E}"

HOME = "/account/"
LOGIN = "/account/login/"
SIGN_UP = "/account/signup/"
RESET = "/account/password/reset/"


class Browser:
    """Follows no redirect by itself, and is checked for forged requests as real ones are."""

    def __init__(self, address: str = "127.0.0.1", **headers: str) -> None:
        self.client = Client(
            enforce_csrf_checks=True, raise_request_exception=False, headers=headers, REMOTE_ADDR=address
        )

    def open(self, path: str) -> Any:
        return self.client.get(path)

    def submit(self, path: str, **fields: str) -> Any:
        """Opens the page, fills its form in, and sends it."""
        page = self.open(path)
        while page.status_code == 302:
            path = page["Location"]
            page = self.open(path)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
        assert token, f"{path} has no form: {page.status_code}"
        return self.client.post(path, {**fields, "csrfmiddlewaretoken": token[1]})

    def log_in(self, email: str, password: str = PASSWORD) -> Any:
        return self.submit(LOGIN, login=email, password=password)

    def sign_up(self, email: str, password: str = PASSWORD) -> Any:
        return self.submit(SIGN_UP, email=email, password1=password)

    def confirm_password(self, password: str = PASSWORD) -> Any:
        """Says the password again, as the pages ask that change how one logs in."""
        return self.submit("/account/reauthenticate/", password=password)

    @property
    def is_logged_in(self) -> bool:
        return self.open(HOME).status_code == 200


def text_of(response: Any) -> str:
    """What an answer says, without what differs from one answer to the next."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


def link_in(message: Any) -> str:
    """Returns the path of the link that a mail asks to open."""
    (link,) = re.findall(r"^http\S+$", message.body, re.MULTILINE)[:1]
    return urlsplit(link).path


def last_mail() -> Any:
    return mail.outbox[-1]


def content(part: Message) -> str:
    """Returns the text of a part of a mail."""
    return cast("bytes", part.get_payload(decode=True)).decode()
