"""Files of strangers are taken apart in a child process that can do little else (reliability.md §2.7)."""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loci.media import limits
from loci.media.child import DONE

MAX_ANSWER_BYTES = 32 * 1024 * 1024
_SOURCE_ROOT = Path(__file__).parents[2]


class FileRefused(Exception):
    """The file is not read. The text says why, in one of the sentences of `loci.media.limits`."""


def redrawn_image(content: bytes) -> bytes:
    """Returns a JPEG of our own making of an image's first frame: upright, at most 2,048 pixels a side, no metadata.

    Raises `FileRefused`.
    """
    return _read_apart("image", content)


def pages_of_pdf(content: bytes) -> list[str]:
    """Returns the text of each page, as it can be stored. Raises `FileRefused`."""
    pages = [storable(page) for page in json.loads(_read_apart("pdf", content))]
    if not any(pages):
        raise FileRefused(limits.NO_TEXT)
    return pages


def has_ocr() -> bool:
    """Tells whether this installation can read words in images (`pip install loci[ocr]`)."""
    return importlib.util.find_spec("rapidocr_onnxruntime") is not None


def words_in_image(drawn: bytes) -> str:
    """Returns the lines of text in an image that `redrawn_image` made; empty where there are none.

    Raises `FileRefused`.
    """
    return storable("\n".join(json.loads(_read_apart("ocr", drawn))))


def text_of(content: bytes) -> str:
    """Returns what a text file in UTF-8 says, as it can be stored. Raises `FileRefused`."""
    if len(content) > limits.MAX_FILE_BYTES:
        raise FileRefused(limits.TOO_LARGE)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefused(limits.NOT_READABLE) from None
    if len(text) > limits.MAX_TEXT_CHARS:
        raise FileRefused(limits.TOO_MUCH_TEXT)
    if not text.strip():
        raise FileRefused(limits.NO_TEXT)
    return storable(text)


def storable(text: str) -> str:
    """Returns the text without what Postgres and UTF-8 cannot hold: NULs are dropped, lone surrogates replaced."""
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _read_apart(job: str, content: bytes) -> bytes:
    if len(content) > limits.MAX_FILE_BYTES:
        raise FileRefused(limits.TOO_LARGE)
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        with _child(job, file.fileno()) as child:
            assert child.stdout is not None  # noqa: S101 - it was asked for
            answer = child.stdout.read(MAX_ANSWER_BYTES + 1)
    if answer[:1] == DONE and len(answer) <= MAX_ANSWER_BYTES:
        return answer[1:]
    said = answer[1:].decode(errors="replace")
    # A child that says nothing was ended by one of its limits.
    raise FileRefused(said if said in limits.REASONS else limits.TOO_COSTLY)


@contextmanager
def _child(job: str, stdin: int) -> Iterator[subprocess.Popen[bytes]]:
    """A child that knows no setting and no secret, and is gone after its time, and with the block."""
    with subprocess.Popen(  # noqa: S603 - our own program; `job` is one of ours
        [sys.executable, "-B", "-P", "-s", "-m", "loci.media.child", job],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": str(_SOURCE_ROOT), "PATH": os.defpath},
    ) as child:
        killer = threading.Timer(limits.CONFINES[job].seconds, child.kill)
        killer.daemon = True
        killer.start()
        try:
            yield child
        finally:
            killer.cancel()
            child.kill()
