"""Images and documents in adds, from the request to the memories."""

import base64
import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from loci.media import sandbox
from loci.net import breaker
from loci.tenancy.context import tenant_tx
from memories.extraction.chunks import CHUNK_CHARS, chunks
from memories.extraction.vision import NO_EYES
from memories.lifecycle.sources import Source
from memories.models import Blob, Event, Memory, Message, Revision
from memories.services import reading
from memories.services.rolling_back import accept_rollback
from tests.conftest import Person
from tests.fakes.llm import FakeLLM, Fault
from tests.fakes.llm_rules import answer_to
from tests.fakes.site import Site
from tests.media import files
from tests.memories.attaching import PHOTO, blobs, data_url, finished, images_of, open_jobs, part, rejected, says
from tests.memories.support import Json, add, call, change_job, delete, event, fact, facts, job_of, queue, texts, work
from workers.limits import MAX_REQUESTS
from workers.models import JobState

REX = "A dog called Rex in the snow."


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
