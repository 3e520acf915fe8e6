"""The text of a stranger's PDF. Only the child process of `loci.media.sandbox` imports this.

What else it may hold (XMP, scripts, attachments, forms, images) is not looked at.
"""

import io
import logging
from collections.abc import Iterator

from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError, WrongPasswordError

from loci.media import limits

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # It tells at length what is wrong with a file.


class TooManyPages(Exception):
    """The document is longer than what is read."""


class TooMuchText(Exception):
    """The document has more text than what is read."""


class HasPassword(Exception):
    """The document cannot be opened without its password."""


def pages(content: bytes) -> list[str]:
    """Returns the text of each page.

    Raises `TooManyPages`, `TooMuchText`, `HasPassword`, and whatever pypdf raises for what is no PDF.
    """
    try:
        return list(_pages(PdfReader(io.BytesIO(content))))
    except (FileNotDecryptedError, WrongPasswordError):
        raise HasPassword from None


def _pages(reader: PdfReader) -> Iterator[str]:
    if len(reader.pages) > limits.MAX_PAGES:
        raise TooManyPages
    left = limits.MAX_TEXT_CHARS
    for page in reader.pages:
        text = page.extract_text().strip()
        left -= len(text)
        if left < 0:
            raise TooMuchText
        yield text
