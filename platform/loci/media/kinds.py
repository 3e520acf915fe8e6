"""What a file is, by its first bytes: neither a name nor a header is believed."""

from enum import StrEnum


class Kind(StrEnum):
    """The kinds of files that can be read."""

    IMAGE = "image"
    PDF = "pdf"
    TEXT = "text"


NOT_OF_KIND = {
    Kind.IMAGE: "The file is no JPEG, PNG, GIF or WebP image.",
    Kind.PDF: "The file is no PDF.",
    Kind.TEXT: "The file is no text in UTF-8.",
}
"""What is said of a file that is none of the kind that was promised."""

_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_PDF_WITHIN = 1024
"""Readers of PDF look for its mark in the first kilobyte."""


def sniffed(content: bytes) -> str:
    """Returns the media type that the bytes themselves show, `text/plain` for UTF-8, or "" for anything else."""
    for magic, media_type in _MAGIC:
        if content.startswith(magic):
            return media_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if b"%PDF-" in content[:_PDF_WITHIN]:
        return "application/pdf"
    return "text/plain" if _is_text(content) else ""


def kind_of(content: bytes) -> Kind | None:
    """Returns the kind of the file, or None for one that is not read."""
    media_type = sniffed(content)
    if media_type == "application/pdf":
        return Kind.PDF
    if media_type.startswith("image/"):
        return Kind.IMAGE
    return Kind.TEXT if media_type else None


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return bool(content.strip())
