"""Files that no add takes: broken, hostile, or too large."""

import time
from typing import Any
from urllib.parse import quote

import pytest

from loci.media import limits
from loci.net import guard
from loci.tenancy.context import tenant_tx
from memories.api import media
from memories.models import Blob
from tests.conftest import Person
from tests.fakes.canary import Canary
from tests.fakes.llm import FakeLLM
from tests.fakes.site import Site
from tests.media import files
from tests.memories.attaching import MIB, PHOTO, blobs, data_url, finished, open_jobs, part, rejected, says
from tests.memories.support import Json, add, call, queue
from tests.net.test_guard import HOSTILE_URLS, PRIVATE_ADDRESSES, literal


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (("image_url", "/zeros?10"), "The file is no JPEG, PNG, GIF or WebP image."),
        (("pdf_url", "/"), "The file is no PDF."),
        (("txt_url", "/photo"), "The file is no text in UTF-8."),
        (("txt_url", "/gone"), "The host did not give the file."),
        (("txt_url", f"/zeros?{20 * MIB + 1}"), "The host's answer is too large."),
        (("pdf_url", "/scan"), limits.NO_TEXT),
        (("pdf_url", "/flood"), limits.TOO_MANY_PAGES),
        (("image_url", "/bomb.png"), limits.TOO_MANY_PIXELS),
    ],
)
def test_what_a_server_gives_instead_of_a_file_is_refused_for_its_reason(
    alice: Person, eyes: FakeLLM, site: Site, given: tuple[str, str], reason: str
) -> None:
    kind, path = given
    site.files |= {"/photo": PHOTO, "/scan": files.pdf_of_pages(1)}
    if path in {"/flood", "/bomb.png"}:
        site.files |= {"/flood": files.pdf_of_pages(201), "/bomb.png": files.flood()}
    done = finished(alice, queue(alice, says(part(kind, f"http://127.0.0.1:{site.port}{path}"))))
    assert (done["status"], [why for _, why in rejected(done)]) == ("FAILED", [reason])
    assert reason in done["error"]
    assert blobs(alice) == 0


def test_a_bomb_does_not_hurt_the_next_add(alice: Person, eyes: FakeLLM) -> None:
    started = time.monotonic()
    bomb = add(alice, says(part("image_url", data_url(files.flood()))))
    assert (bomb["status"], time.monotonic() - started < 30) == ("FAILED", True)
    assert add(alice, says(part("image_url", data_url(PHOTO))))["status"] == "SUCCEEDED"


def test_no_hostile_url_is_taken_or_reached(alice: Person, llm: FakeLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    with Canary() as canary:
        monkeypatch.setitem(guard._PORTS, "https", canary.port)
        for number, url in enumerate([*HOSTILE_URLS, *map(literal, PRIVATE_ADDRESSES)]):
            if "\ud800" in url or url == "data:text/plain,x":
                continue
            kind = ["image_url", "pdf_url", "txt_url"][number % 3]
            given = {"user_id": "alex", "messages": says(part(kind, url))}
            assert call(alice, "POST", "/v3/memories/add/", given).status_code == 400, url
        assert canary.connections == 0
    assert (open_jobs(alice), blobs(alice)) == ([], 0)


def test_no_redirect_leads_inside(alice: Person, llm: FakeLLM, site: Site) -> None:
    with Canary() as canary:
        for inner in (f"http://127.0.0.1:{canary.port}/", f"http://[::1]:{canary.port}/", "https://169.254.169.254/"):
            url = f"http://127.0.0.1:{site.port}/to?{quote(inner)}"
            done = finished(alice, queue(alice, says(part("txt_url", url))))
            assert (done["status"], done["error"]) == ("FAILED", "[text 1] This address is not allowed.")
        assert canary.connections == 0


@pytest.mark.parametrize(
    ("given", "says_why"),
    [
        (part("image_url", "data:image/png;base64,%%%"), "base64"),
        (part("image_url", "not base64 at all!"), "base64"),
        (part("image_url", data_url(b"BM no bitmap\xff")), "no JPEG, PNG, GIF or WebP"),
        (part("image_url", data_url(files.pdf("x"))), "no JPEG, PNG, GIF or WebP"),
        (part("pdf_url", data_url(PHOTO)), "no PDF"),
        (part("txt_url", data_url(PHOTO)), "no text in UTF-8"),
        (part("mdx_url", "data:,"), "no text in UTF-8"),
        (part("image_url", "http://example.com/a.png"), "https"),
        (part("image_url", "ftp://example.com/a.png"), "https"),
        (part("image_url", ""), "image_url.url"),
        ({"type": "image_url"}, "image_url.url"),
        ({"type": "image_url", "image_url": {"url": 7}}, "image_url.url"),
        ({"type": {}, "image_url": {"url": "https://a.example/"}}, "image_url"),
        ({"type": "audio_url", "audio_url": {"url": "https://a.example/"}}, "image_url"),
    ],
)
def test_a_bad_file_gets_a_clear_answer_and_changes_nothing(alice: Person, given: Json, says_why: str) -> None:
    body = {"user_id": "alex", "messages": says("Look:", given)}
    answer = call(alice, "POST", "/v3/memories/add/", body)
    assert answer.status_code == 400
    assert says_why in answer.json()["detail"]
    assert open_jobs(alice) == []


def test_files_are_not_stored_as_they_are(alice: Person) -> None:
    body = {"user_id": "alex", "messages": says("Look:", part("image_url", data_url(PHOTO))), "infer": False}
    answer = call(alice, "POST", "/v3/memories/add/", body)
    assert answer.status_code == 400
    assert "infer" in answer.json()["detail"]


def test_more_than_twenty_files_are_refused(alice: Person) -> None:
    body = {"user_id": "alex", "messages": says(*[part("txt_url", "data:,x")] * 21)}
    assert "At most 20" in call(alice, "POST", "/v3/memories/add/", body).json()["detail"]


def test_a_large_body_is_taken_for_its_files_only(alice: Person, llm: FakeLLM) -> None:
    document = data_url(b"x " * (5 * MIB), "text/plain")

    def status(**given: Any) -> int:
        return int(call(alice, "POST", "/v3/memories/add/", {"user_id": "alex", **given}).status_code)

    assert status(messages=says(part("txt_url", document))) == 200
    assert status(messages=says("x"), source="x" * (2 * MIB)) == 413
    assert status(messages=says(part("txt_url", document)), source="x" * (2 * MIB)) == 413
    assert status(messages=says("x"), numbers=[0] * (2 * MIB)) == 413
    assert status(messages=says(part("txt_url", data_url(bytes(21 * MIB))))) == 413
    assert status(messages=says(*[part("txt_url", document)] * 3)) == 413
    assert call(alice, "POST", "/v3/memories/search/", {"query": "x" * (2 * MIB)}).status_code == 413


def test_few_large_bodies_are_handled_at_once_and_small_ones_do_not_wait(
    alice: Person, llm: FakeLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "ROOM_WAIT_S", 0.05)
    large = {"user_id": "alex", "messages": says(part("txt_url", data_url(b"x " * (2 * MIB), "text/plain")))}
    with media.room_for(media.ROOM_BYTES - MIB):
        refused = call(alice, "POST", "/v3/memories/add/", large)
        assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
        assert queue(alice, "I like tea.")
    assert call(alice, "POST", "/v3/memories/add/", large).status_code == 200


def test_twenty_megabytes_of_files_are_taken_and_kept_in_pieces(alice: Person, llm: FakeLLM) -> None:
    content = b"x" * (20 * MIB)
    queue(alice, says(part("txt_url", data_url(content, "text/plain"))))
    with tenant_tx(alice.tenant):
        pieces = [len(bytes(blob.content)) for blob in Blob.objects.order_by("piece")]
    assert pieces == [MIB] * 20
