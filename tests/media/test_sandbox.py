import io
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from PIL import Image

from loci.media import limits, sandbox
from loci.media.kinds import Kind, kind_of, sniffed
from loci.media.sandbox import FileRefused, pages_of_pdf, redrawn_image, text_of
from tests.media import files

MIB = 1024 * 1024


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def refusal(content: bytes, *, of: str = "pdf") -> str:
    with pytest.raises(FileRefused) as refused:
        pages_of_pdf(content) if of == "pdf" else redrawn_image(content)
    return str(refused.value)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_an_image_is_drawn_anew_as_a_jpeg(kind: str) -> None:
    drawn = opened(redrawn_image(files.image(kind=kind)))
    assert (drawn.format, drawn.size) == ("JPEG", (60, 40))
    assert drawn.getpixel((30, 20))[0] > 200  # type: ignore[index]  # Of an RGB image it is a tuple.


def test_a_large_image_is_made_smaller() -> None:
    assert opened(redrawn_image(files.image((4000, 2000)))).size == (2048, 1024)


def test_an_image_that_a_camera_turned_stands_upright_and_keeps_no_metadata() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Turned by 90 degrees.
    exif[0x010E] = "a secret place"
    content = files.image(kind="JPEG", exif=exif, comment=b"a secret word", icc_profile=b"a secret profile")
    drawn = redrawn_image(content)
    assert opened(drawn).size == (40, 60)
    assert b"secret" in content
    assert b"secret" not in drawn
    assert not opened(drawn).getexif()


def test_what_is_transparent_is_white() -> None:
    clear = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(clear, "PNG")
    assert opened(redrawn_image(clear.getvalue())).getpixel((5, 5)) == (255, 255, 255)


def test_of_an_animation_the_first_frame_counts() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    moving = io.BytesIO()
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    pixel = opened(redrawn_image(moving.getvalue())).getpixel((4, 4))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 200


def test_the_text_of_a_pdf_comes_by_page() -> None:
    assert pages_of_pdf(files.pdf("I live in Berlin.", "I (really) like tea.")) == [
        "I live in Berlin.",
        "I (really) like tea.",
    ]


def test_a_pdf_that_everybody_may_read_is_read_and_one_with_a_password_is_refused() -> None:
    assert pages_of_pdf(files.pdf_with_password("secret", only_owner=True)) == ["I live in Berlin."]
    assert refusal(files.pdf_with_password("secret")) == limits.HAS_PASSWORD


def test_a_text_in_utf_8_is_read_without_its_mark_and_nuls() -> None:
    assert text_of(b"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe\0!") == "Grüße!"
    for content in ("Grüße".encode("latin-1"), "Grüße".encode("utf-16"), b"\xff\xfe\x00"):
        with pytest.raises(FileRefused, match="UTF-8"):
            text_of(content)


@pytest.mark.parametrize(
    ("content", "media_type", "kind"),
    [
        (files.image(kind="PNG"), "image/png", Kind.IMAGE),
        (files.image(kind="JPEG"), "image/jpeg", Kind.IMAGE),
        (files.image(kind="GIF"), "image/gif", Kind.IMAGE),
        (files.image(kind="WEBP"), "image/webp", Kind.IMAGE),
        (files.pdf("x"), "application/pdf", Kind.PDF),
        (b"\r\n" + files.pdf("x"), "application/pdf", Kind.PDF),
        (b"# Title", "text/plain", Kind.TEXT),
        (b"PK\x03\x04\xff", "", None),
        (b"\x7fELF\xff", "", None),
        (b"", "", None),
    ],
)
def test_a_file_is_known_by_its_bytes(content: bytes, media_type: str, kind: Kind | None) -> None:
    assert (sniffed(content), kind_of(content)) == (media_type, kind)


BOMBS: dict[str, tuple[Callable[[], bytes], str, set[str]]] = {
    "169 million pixels": (files.flood, "image", {limits.TOO_MANY_PIXELS}),
    "a stream of 500 MB": (files.pdf_with_huge_stream, "pdf", {limits.NO_TEXT}),
    "10,000 pages": (lambda: files.pdf_of_pages(10_000), "pdf", {limits.TOO_MANY_PAGES}),
    "2 million characters": (lambda: files.pdf("x" * 2_000_001), "pdf", {limits.TOO_MUCH_TEXT, limits.TOO_COSTLY}),
    "a cut image": (lambda: files.image((500, 500), colour="blue")[:700], "image", {limits.NOT_READABLE}),
    "no PDF": (lambda: b"%PDF-1.7 nothing", "pdf", {limits.NOT_READABLE}),
    "an SVG": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image", {limits.NOT_READABLE}),
    "21 MB": (lambda: bytes(21 * MIB), "image", {limits.TOO_LARGE}),
}


def readers() -> list[psutil.Process]:
    """The child processes that read a file now."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            if "loci.media.child" in child.cmdline():
                found.append(child)
    return found


class Peak:
    """The most memory that this process and its children hold meanwhile."""

    def __enter__(self) -> "Peak":
        self.own = self.child = 0
        self._process, self._ended = psutil.Process(), threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._began = self._process.memory_info().rss
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.005):
            self.own = max(self.own, self._process.memory_info().rss - self._began)
            for child in readers():
                with suppress(psutil.NoSuchProcess):
                    self.child = max(self.child, child.memory_info().rss)


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_quickly_and_the_next_file_is_read(name: str) -> None:
    make, of, reasons = BOMBS[name]
    content = make()
    with Peak() as peak:
        started = time.monotonic()
        assert refusal(content, of=of) in reasons
        assert time.monotonic() - started < 30
    assert peak.own < 64 * MIB
    assert peak.child < 512 * MIB
    assert pages_of_pdf(files.pdf("fine")) == ["fine"]


def test_what_else_a_pdf_holds_is_not_looked_at() -> None:
    started = time.monotonic()
    assert pages_of_pdf(files.pdf_with_entities()) == ["I live in Berlin."]
    assert time.monotonic() - started < limits.CONFINES["pdf"].seconds


def in_child(statement: str) -> str:
    """What a process prints that is confined as the one that reads files."""
    confined = "from loci.media import child, limits\nchild.confine(limits.CONFINES['pdf'])"
    code = f"import socket, os, sys\n{confined}\n{statement}"
    environment = {"PYTHONPATH": str(Path(sandbox.__file__).parents[2])}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=30)
    return f"{done.stdout.strip()} {done.stderr.strip().rpartition(os.linesep)[2]} {done.returncode}"


def test_the_child_has_little_memory() -> None:
    assert "MemoryError" in in_child("bytearray(600 * 1024 * 1024)")


def test_the_child_writes_no_file(tmp_path: Path) -> None:
    assert "File too large" in in_child(
        f"os.write(os.open({str(tmp_path / 'file')!r}, os.O_CREAT | os.O_WRONLY), b'x')"
    )


def test_the_child_opens_few_files() -> None:
    assert "Too many open files" in in_child("[os.open(os.devnull, os.O_RDONLY) for _ in range(40)]")


@pytest.mark.skipif(os.geteuid() != 0, reason="An ordinary user gets a network of its own on some systems only.")
def test_the_child_has_no_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        reach = f"socket.create_connection({server.getsockname()!r}, 2)"
        assert "unreachable" in in_child(reach)


def test_a_child_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits.CONFINES, "pdf", replace(limits.CONFINES["pdf"], seconds=0.01))
    started = time.monotonic()
    assert refusal(files.pdf("x")) == limits.TOO_COSTLY
    assert time.monotonic() - started < 10
    assert readers() == []


def test_the_child_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCI_MASTER_KEY", "secret")
    environments: list[dict[str, str]] = []
    started = subprocess.Popen

    def noted(*args: object, **options: dict[str, str]) -> "subprocess.Popen[bytes]":
        environments.append(options["env"])
        return started(*args, **options)  # type: ignore[call-overload]  # As it was called.

    monkeypatch.setattr(subprocess, "Popen", noted)
    redrawn_image(files.image())
    assert [env.keys() & os.environ.keys() - {"PATH", "PYTHONPATH"} for env in environments] == [set()]
