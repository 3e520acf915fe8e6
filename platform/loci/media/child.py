"""Reads one file in a process of its own: `python -m loci.media.child image|pdf|ocr < file > answer`.

`loci.media.sandbox` starts it. The first byte of its answer says how it went; the result or the reason
follows.
"""

import ctypes
import json
import os
import resource
import sys

from loci.media import limits

DONE = b"+"
REFUSED = b"-"

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
"""Flags of unshare(2)."""


def main() -> None:
    """Reads the file on stdin and answers on stdout."""
    job = sys.argv[1]
    confine(limits.CONFINES[job])
    content = sys.stdin.buffer.read(limits.MAX_FILE_BYTES + 1)
    sys.stdout.buffer.write(answer_to(job, content))


def confine(within: limits.Confines) -> None:
    """Takes from this process all that reading a file does not need: memory, time, files to write, and the network.

    Where the kernel does not give an ordinary user a network of its own, the network stays.
    """
    for name, most in [
        (resource.RLIMIT_AS, within.memory_bytes),
        (resource.RLIMIT_CPU, within.cpu_s),
        (resource.RLIMIT_NOFILE, limits.OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ]:
        resource.setrlimit(name, (most, most))
    if sys.platform == "linux":
        flags = _NEW_NETWORK if os.geteuid() == 0 else _NEW_USER | _NEW_NETWORK
        ctypes.CDLL(None).unshare(flags)


def answer_to(job: str, content: bytes) -> bytes:
    """Returns the answer: a JPEG, a JSON list of a PDF's pages or of an image's lines, or one of the fixed reasons."""
    if len(content) > limits.MAX_FILE_BYTES:
        return REFUSED + limits.TOO_LARGE.encode()
    try:
        return DONE + _JOBS[job](content)
    except MemoryError:
        reason = limits.TOO_COSTLY
    except Exception as error:  # Libraries raise whatever a hostile file makes them.
        reason = _REASONS.get(type(error).__name__, limits.NOT_READABLE)
    return REFUSED + reason.encode()


_REASONS = {
    "TooManyPixels": limits.TOO_MANY_PIXELS,
    "TooManyPages": limits.TOO_MANY_PAGES,
    "TooMuchText": limits.TOO_MUCH_TEXT,
    "HasPassword": limits.HAS_PASSWORD,
    "LimitReachedError": limits.TOO_COSTLY,
}
"""By the names of errors, as only one of the libraries is imported."""


def _image(content: bytes) -> bytes:
    from loci.media.images import redrawn  # noqa: PLC0415 - a child needs one of the two

    return redrawn(content)


def _pdf(content: bytes) -> bytes:
    from loci.media.pdfs import pages  # noqa: PLC0415 - as above

    return json.dumps(pages(content)).encode()


def _ocr(content: bytes) -> bytes:
    from loci.media.ocr import lines  # noqa: PLC0415 - as above

    return json.dumps(lines(content)).encode()


_JOBS = {"image": _image, "pdf": _pdf, "ocr": _ocr}


if __name__ == "__main__":
    main()
