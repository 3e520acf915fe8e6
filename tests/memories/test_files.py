"""Images and documents in adds, from the request to the memories."""

import base64
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from loci.media import limits, sandbox
from loci.net import breaker, guard
from loci.tenancy.context import tenant_tx
from memories.api import media
from memories.extraction.chunks import CHUNK_CHARS, chunks
from memories.extraction.vision import NO_EYES
from memories.lifecycle.sources import Source
from memories.models import Blob, Event, Memory, Message, Revision
from memories.services import reading
from memories.services.rolling_back import accept_rollback
from tests.conftest import Person
from tests.fakes.canary import Canary
from tests.fakes.llm import FakeLLM, Fault
from tests.fakes.llm_rules import answer_to
from tests.fakes.site import Site
from tests.media import files
from tests.memories.support import (
    Json,
    add,
    call,
    change_job,
    delete,
    event,
    fact,
    facts,
    job_of,
    queue,
    texts,
    work,
)
from tests.net.test_guard import HOSTILE_URLS, PRIVATE_ADDRESSES, literal
from workers.limits import MAX_REQUESTS
from workers.models import Job, JobState

MIB = 1024 * 1024
PHOTO = files.image((600, 400), colour="blue")
REX = "A dog called Rex in the snow."


@pytest.fixture
def eyes(llm: FakeLLM, settings: Settings) -> FakeLLM:
    """A model that sees and reads."""
    settings.VISION_MODEL = f"{settings.LLM_MODEL}-vision"
    return llm


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    with Site() as server:
        settings.ALLOWED_PRIVATE_HOSTS = [f"127.0.0.1:{server.port}"]
        yield server


def data_url(content: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def part(kind: str, url: str) -> Json:
    return {"type": kind, kind: {"url": url}}


def says(*parts: Json | str) -> list[Json]:
    """One message of these parts."""
    return [{"role": "user", "content": list(parts)}]


def finished(person: Person, event_id: str, *, runs: int = 20) -> Json:
    """Does all steps of an add as workers do, each as soon as the one before has ended."""
    for _ in range(runs):
        change_job(person, event_id, not_before=timezone.now() - timedelta(seconds=1))
        done: Json = work(person, event_id)
        if done["status"] in {"SUCCEEDED", "FAILED"}:
            return done
    raise AssertionError("The add does not end.")


def blobs(person: Person) -> int:
    with tenant_tx(person.tenant):
        return int(Blob.objects.count())


def images_of(llm: FakeLLM) -> list[Json]:
    """The images that the model was shown."""
    contents = [message["content"] for request in llm.requests for message in request["messages"]]
    return [part["image_url"] for content in contents if isinstance(content, list) for part in content]


def rejected(done: Json) -> list[tuple[str, str]]:
    return [(row["memory"], row["reason"]) for row in done["verdicts"] if row["verdict"] == "rejected"]


def test_an_image_becomes_part_of_what_its_message_says(alice: Person, eyes: FakeLLM) -> None:
    done = add(alice, says({"type": "text", "text": "This is mine."}, part("image_url", data_url(PHOTO))))
    assert done["status"] == "SUCCEEDED"
    assert texts(alice) == [f"Said: This is mine.\n[image 1: {REX}]"]
    assert [request["model"].endswith("-vision") for request in eyes.requests] == [True, False]
    assert blobs(alice) == 0


def test_a_model_is_shown_an_image_of_our_own_making(alice: Person, eyes: FakeLLM, settings: Settings) -> None:
    settings.VISION_DETAIL = "low"
    add(alice, says(part("image_url", data_url(PHOTO))))
    (shown,) = images_of(eyes)
    assert shown["detail"] == "low"
    kind, _, encoded = shown["url"].partition(",")
    assert kind == "data:image/jpeg;base64"
    assert base64.b64decode(encoded)[:3] == b"\xff\xd8\xff"


def test_a_file_is_kept_in_no_payload_and_no_message(alice: Person, eyes: FakeLLM) -> None:
    event_id = queue(alice, says("Look:", part("image_url", data_url(PHOTO))))
    with tenant_tx(alice.tenant):
        kept = Event.objects.get(id=event_id)
        assert "base64" not in json.dumps(kept.payload)
        assert Message.objects.get(event=kept).content == "Look:\n[image 1]"
        assert b"".join(bytes(blob.content) for blob in Blob.objects.order_by("piece")) == PHOTO


@pytest.mark.parametrize("content", [part("image_url", data_url(PHOTO)), {"type": "image_url", "image_url": ""}])
def test_the_content_of_a_message_may_be_one_file(alice: Person, eyes: FakeLLM, content: Json) -> None:
    given = {"user_id": "alex", "messages": {"role": "user", "content": content}}
    expected = 200 if content["image_url"] else 400
    assert call(alice, "POST", "/v1/memories/", given).status_code == expected


def test_bare_base64_is_a_file_too_in_either_alphabet_and_without_its_padding(alice: Person, eyes: FakeLLM) -> None:
    for encoded in (base64.b64encode(PHOTO), base64.urlsafe_b64encode(PHOTO).rstrip(b"=")):
        for source in (part("image_url", encoded.decode()), {"type": "image_url", "image_url": encoded.decode()}):
            assert add(alice, says(source))["status"] == "SUCCEEDED"


def test_an_image_is_fetched_from_its_url(alice: Person, eyes: FakeLLM, site: Site) -> None:
    site.files["/dog.png"] = PHOTO
    done = finished(alice, queue(alice, says(part("image_url", f"http://127.0.0.1:{site.port}/dog.png"))))
    assert done["status"] == "SUCCEEDED"
    assert texts(alice) == [f"Said: [image 1: {REX}]"]
    assert site.requests[0].headers["User-Agent"] == "Loci"


def test_secrets_in_files_reach_no_memory_and_no_message(alice: Person, eyes: FakeLLM) -> None:
    secret = "sk-proj-abcdefghijklmnopqrstuvwx"
    eyes.answers = lambda data: {"description": f"A note: {secret}"} if "images" in data else answer_to(data)
    add(alice, says(part("image_url", data_url(PHOTO))))
    add(alice, says(part("txt_url", data_url(f"The key {secret} opens\u200b it.".encode(), "text/plain"))))
    with tenant_tx(alice.tenant):
        kept = [row.content for row in Message.objects.all()] + list(Memory.objects.values_list("text", flat=True))
        flags = Memory.objects.get(trust="external").flags
    assert len(kept) == 4
    assert secret not in json.dumps(kept)
    assert secret not in json.dumps(eyes.requests)
    assert {"secret", "invisible"} <= set(flags)


def test_a_roll_back_takes_the_files_of_open_adds_away(alice: Person, llm: FakeLLM) -> None:
    event_id = queue(alice, says(part("txt_url", "data:,I%20live%20in%20Berlin.")))
    accept_rollback(alice.tenant, Source(event_id=UUID(event_id)), run_here=False)
    assert (blobs(alice), event(alice, event_id)["status"]) == (0, "FAILED")


def test_where_nothing_can_see_the_text_is_kept_and_the_image_rejected(alice: Person, llm: FakeLLM) -> None:
    done = add(alice, says("I live in Oslo.", part("image_url", data_url(PHOTO))))
    assert (done["status"], rejected(done)) == ("SUCCEEDED", [("[image 1]", NO_EYES)])
    assert texts(alice) == ["Lives in Oslo"]


def test_an_add_of_only_an_image_that_nothing_can_see_fails_and_says_what_to_set(alice: Person, llm: FakeLLM) -> None:
    done = add(alice, says(part("image_url", data_url(PHOTO))))
    assert done["status"] == "FAILED"
    assert "VISION_MODEL" in done["error"]
    assert (llm.calls, texts(alice), blobs(alice)) == (0, [], 0)
    assert job_of(alice, done["id"]).state == JobState.DONE


def test_an_image_without_a_model_is_refused_offline_too(alice: Person) -> None:
    assert add(alice, says(part("image_url", data_url(PHOTO))))["status"] == "FAILED"


def test_a_document_becomes_memories_that_no_speaker_vouches_for(alice: Person, llm: FakeLLM) -> None:
    document = files.pdf("I live in Berlin.", "My name is Alex.")
    done = add(alice, says("I like tea.", part("pdf_url", data_url(document, "application/pdf"))))
    assert done["status"] == "SUCCEEDED"
    assert len(done["results"]) == 2
    with tenant_tx(alice.tenant):
        by_trust = dict(Memory.objects.values_list("trust", "text"))
    assert by_trust == {"user": "Likes tea", "external": "Lives in Berlin"} | {"user": by_trust["user"]}
    assert blobs(alice) == 0


@pytest.mark.parametrize("kind", ["txt_url", "mdx_url"])
def test_a_text_is_read_from_a_data_url(alice: Person, llm: FakeLLM, kind: str) -> None:
    for url in ("data:text/plain,I%20live%20in%20Bergen.", data_url(b"\xef\xbb\xbfI live in Bergen.", "text/markdown")):
        assert add(alice, says(part(kind, url)))["status"] == "SUCCEEDED"
    assert texts(alice) == ["Lives in Bergen"]


def test_what_a_document_says_never_changes_what_a_user_said(alice: Person, llm: FakeLLM) -> None:
    add(alice, "I live in Oslo.")
    llm.script(facts(fact("Lives in Berlin", attribute="location", value="Berlin", relation="refines", candidate=0)))
    done = add(alice, says(part("txt_url", "data:,I%20live%20in%20Berlin.")))
    assert [result["event"] for result in done["results"]] == ["ADD"]
    assert sorted(texts(alice)) == ["Lives in Berlin", "Lives in Oslo"]


def test_the_memories_of_a_document_name_its_message(alice: Person, llm: FakeLLM) -> None:
    messages = [{"role": "user", "content": "I like tea."}, *says(part("txt_url", "data:,I%20live%20in%20Berlin."))]
    add(alice, messages)
    with tenant_tx(alice.tenant):
        assert Revision.objects.get(text="Lives in Berlin").sources == [1]


def long_document(count: int) -> bytes:
    """A text of so many pieces, each of which says where somebody lives."""
    return "\n\n".join(f"I live in Town{number}. {'x' * (CHUNK_CHARS - 100)}" for number in range(count)).encode()


def plain_facts(data: Json) -> Json:
    """A fact for each message that says where somebody lives, which changes nothing."""
    return facts(*[fact(row["content"].split(".")[0], sources=[row["number"]]) for row in data["messages"]])


def test_a_long_document_is_read_in_steps_and_its_results_add_up(
    alice: Person, llm: FakeLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "STEP_S", -1)
    llm.answers = plain_facts
    event_id = queue(alice, says(part("txt_url", data_url(long_document(4), "text/plain"))))
    statuses = []
    for _ in range(6):
        change_job(alice, event_id, not_before=timezone.now() - timedelta(seconds=1))
        statuses.append(work(alice, event_id)["status"])
    assert statuses == ["PENDING"] * 6
    assert job_of(alice, event_id).cursor == {"is_told": True, "extractions": 4}
    done = finished(alice, event_id)
    assert done["status"] == "SUCCEEDED"
    assert len(done["results"]) == len(done["verdicts"]) == 4
    assert sorted(texts(alice)) == [f"I live in Town{number}" for number in range(4)]


def test_a_step_that_dies_is_done_again_and_none_twice(alice: Person, llm: FakeLLM) -> None:
    """A worker whose lease has passed to another one commits nothing, however far it came."""
    llm.answers = plain_facts
    event_id = queue(alice, says(part("txt_url", data_url(long_document(3), "text/plain"))))
    losses = iter([False, True, False, False, False])

    def answer(data: Json) -> Json:
        if next(losses):
            change_job(alice, event_id, fence=F("fence") + 1, lease_until=timezone.now() - timedelta(seconds=1))
        return plain_facts(data)

    llm.answers = answer
    work(alice, event_id)
    assert texts(alice) == ["I live in Town0"]
    done = finished(alice, event_id)
    assert done["status"] == "SUCCEEDED"
    assert len(done["results"]) == 3
    assert sorted(texts(alice)) == [f"I live in Town{number}" for number in range(3)]
    assert llm.calls == 4


def test_a_model_that_fails_in_the_middle_loses_nothing(alice: Person, llm: FakeLLM) -> None:
    llm.answers = plain_facts
    event_id = queue(alice, says(part("txt_url", data_url(long_document(3), "text/plain"))))
    llm.script(facts(fact("I live in Town0")), Fault.UNAUTHORIZED)
    assert work(alice, event_id)["status"] == "PENDING"
    assert job_of(alice, event_id).soft == 1
    assert len(finished(alice, event_id)["results"]) == 3


def test_other_adds_of_the_lane_have_their_turn_between_the_steps(
    alice: Person, llm: FakeLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "STEP_S", -1)
    event_id = queue(alice, says(part("txt_url", data_url(long_document(3), "text/plain"))))
    behind = queue(alice, "I like tea.")
    work(alice, event_id)
    rung = {row.event_id: row.published_at is not None for row in open_jobs(alice)}
    assert rung == {UUID(event_id): False, UUID(behind): True}


def open_jobs(person: Person) -> list[Job]:
    with tenant_tx(person.tenant):
        return list(Job.objects.filter(state=JobState.PENDING))


def test_a_server_that_is_busy_is_asked_again(alice: Person, llm: FakeLLM, site: Site) -> None:
    event_id = queue(alice, says(part("txt_url", f"http://127.0.0.1:{site.port}/busy")))
    assert work(alice, event_id)["status"] == "PENDING"
    site.files["/busy"] = b"I live in Berlin."
    assert finished(alice, event_id)["status"] == "SUCCEEDED"
    assert texts(alice) == ["Lives in Berlin"]


def test_a_file_that_is_never_had_is_given_up_and_the_text_kept(alice: Person, llm: FakeLLM, site: Site) -> None:
    url = f"http://127.0.0.1:{site.port}/busy"
    done = finished(alice, queue(alice, says("I live in Oslo.", part("pdf_url", url))))
    assert (done["status"], rejected(done)) == ("SUCCEEDED", [("[pdf 1]", "The host did not give the file.")])
    assert len(site.requests) == reading.PATIENCE + 1
    assert len(done["results"]) == 1


def test_an_image_that_the_model_fails_at_is_given_up_and_the_text_kept(alice: Person, eyes: FakeLLM) -> None:
    def answer(data: Json) -> Json:
        return {"nothing": 1} if "images" in data else facts(fact("Lives in Oslo"))

    eyes.answers = answer
    done = finished(alice, queue(alice, says("I live in Oslo.", part("image_url", data_url(PHOTO)))))
    assert done["status"] == "SUCCEEDED"
    assert rejected(done) == [("[image 1]", "The model that describes images failed.")]
    assert texts(alice) == ["Lives in Oslo"]


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


def test_an_erased_entity_leaves_no_file(alice: Person, llm: FakeLLM) -> None:
    event_id = queue(alice, says("I live in Oslo.", part("txt_url", "data:,I%20live%20in%20Berlin.")))
    assert blobs(alice) == 1
    delete(alice, "/v2/entities/user/alex/")
    assert blobs(alice) == 0
    assert event(alice, event_id)["status"] == "FAILED"


def test_a_forgotten_memory_takes_the_files_of_its_failed_event_with_it(alice: Person, llm: FakeLLM) -> None:
    event_id = queue(alice, says("I live in Oslo.", part("txt_url", data_url(long_document(2), "text/plain"))))
    llm.script(facts(fact("Lives in Oslo")))
    llm.fault = Fault.UNAUTHORIZED
    work(alice, event_id)
    change_job(alice, event_id, soft=14, attempt=14, not_before=timezone.now() - timedelta(seconds=1))
    failed = work(alice, event_id)
    assert (failed["status"], len(failed["results"]), blobs(alice)) == ("FAILED", 1, 2)
    delete(alice, f"/v1/memories/{failed['results'][0]['id']}/")
    assert blobs(alice) == 0


def test_a_text_of_several_pages_is_cut_between_paragraphs() -> None:
    pages = ["\n\n".join(f"Paragraph {number}. {'word ' * 300}" for number in range(20)), "The last page."]
    pieces = chunks(pages)
    assert all(len(piece) <= CHUNK_CHARS for piece in pieces)
    assert all(piece.startswith("Paragraph") for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join("".join(pages).split())


def test_a_paragraph_that_is_too_long_is_cut_after_a_sentence() -> None:
    pieces = chunks(["This is a sentence. " * 1000])
    assert all(piece.endswith("sentence.") for piece in pieces)
    assert [len(piece) <= CHUNK_CHARS for piece in chunks(["x" * 10_001])] == [True] * 3


def test_ocr_reads_an_image_where_it_is_installed(alice: Person) -> None:
    pytest.importorskip("rapidocr_onnxruntime")
    assert Path(sandbox.__file__).exists()
    drawn = sandbox.redrawn_image(files.image_of_words("I live in Berlin."))
    assert "Berlin" in sandbox.words_in_image(drawn)


def test_an_image_at_which_the_endpoint_fails_every_time_is_given_up_and_the_text_kept(
    alice: Person, eyes: FakeLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "OPEN_S", 0.0)
    eyes.script(*[Fault.ERROR_500] * MAX_REQUESTS)
    done = finished(alice, queue(alice, says("I live in Oslo.", part("image_url", data_url(PHOTO)))))
    assert (done["status"], rejected(done)) == ("SUCCEEDED", [("[image 1]", "The model that describes images failed.")])
    assert texts(alice) == ["Lives in Oslo"]
