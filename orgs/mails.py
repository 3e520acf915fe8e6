"""The form of every mail: plain text, and the same text as HTML with the links that lead here."""

import re
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string


@dataclass(frozen=True)
class Line:
    """A line of a mail."""

    text: str

    @property
    def is_link(self) -> bool:
        """Tells whether the line is an address of this server: others', in a name say, are no links of ours."""
        return re.fullmatch(rf"{re.escape(settings.BASE_URL)}/\S*", self.text) is not None


def with_html(mail: EmailMultiAlternatives) -> EmailMultiAlternatives:
    """Returns the mail with its text as HTML beside it."""
    # What a template made counts as HTML already; the lines of a plain string are text again and are escaped.
    lines = [Line(line) for line in (mail.body + "").splitlines()]
    html = render_to_string("mail.html", {"subject": mail.subject, "lines": lines})
    mail.attach_alternative(html, "text/html")
    return mail
