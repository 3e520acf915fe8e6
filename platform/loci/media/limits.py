"""How much of a file is read (reliability.md §2.7). Importing this costs nothing, as the child process needs it."""

from dataclasses import dataclass

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 25_000_000
LONGEST_SIDE = 2_048
"""Of an image as it is shown to a model."""
MAX_PAGES = 200
MAX_TEXT_CHARS = 2_000_000

OPEN_FILES = 32


@dataclass(frozen=True)
class Confines:
    """What the process that reads one file may use, and after how long it is killed."""

    memory_bytes: int
    cpu_s: int
    seconds: float


CONFINES = {
    "image": Confines(512 * 1024 * 1024, cpu_s=10, seconds=15),
    "pdf": Confines(512 * 1024 * 1024, cpu_s=10, seconds=15),
    "ocr": Confines(4 * 1024 * 1024 * 1024, cpu_s=60, seconds=30),
}
"""By what is done. OCR reads images of our own making only; its models need room."""

TOO_LARGE = "The file is larger than 20 MB."
TOO_MANY_PIXELS = "The image has more than 25 million pixels."
TOO_MANY_PAGES = "The document has more than 200 pages."
TOO_MUCH_TEXT = "The document has more than 2 million characters."
TOO_COSTLY = "The file needs too much memory or time to be read."
HAS_PASSWORD = "The document is protected by a password."  # noqa: S105 - it is none
NO_TEXT = "The document has no text; scanned pages are not read."
NOT_READABLE = "The file is damaged, or no image, PDF or UTF-8 text."
REASONS = frozenset(
    {TOO_LARGE, TOO_MANY_PIXELS, TOO_MANY_PAGES, TOO_MUCH_TEXT, TOO_COSTLY, HAS_PASSWORD, NO_TEXT, NOT_READABLE}
)
"""The only texts that a file's maker can bring about."""
