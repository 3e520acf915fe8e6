"""`manage.py reembed`: what another embedder or an older analyzer made is made anew, while all else goes on."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from loci.tenancy.context import tenant_tx
from memories.embedding import embedder
from memories.models import Memory
from memories.retrieval.analyzer import VERSION
from memories.services import reembedding
from tests.conftest import DATABASE, Person, Services
from tests.fakes.embedding import Answer, Endpoint, embedding_endpoint, failing, fine
from tests.fakes.llm import FakeLLM
from tests.fakes.settings import use_embedder
from tests.memories.support import Json, history, keep, memory, put, search, texts

ROOT = Path(__file__).parents[2]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with embedding_endpoint() as server, use_embedder(server.url):
        yield server


def reembed(*arguments: str, patience: float = 0) -> str:
    shown = StringIO()
    call_command("reembed", *arguments, patience=patience, stdout=shown)
    return shown.getvalue().strip()


def semantic(person: Person, query: str, **parameters: Any) -> dict[str, float | None]:
    """Returns how near each hit is to the query; None where its vector is of another model."""
    hits = search(person, query, threshold=0, **parameters)
    return {hit["memory"]: hit["score_breakdown"]["semantic"] for hit in hits}


def embedded(endpoint: Endpoint) -> list[str]:
    return [text for request in endpoint.received for text in request["input"]]


def models(person: Person) -> set[str]:
    with tenant_tx(person.tenant):
        return set(Memory.objects.values_list("embedding_model", flat=True))


def test_after_a_change_of_the_embedder_memories_are_found_by_meaning_again(alice: Person) -> None:
    keep(alice, "Likes to walk in the mountains")
    keep(alice, "Works as a nurse")
    with FakeLLM(dimensions=64) as server, use_embedder(server.base_url):
        assert set(semantic(alice, "mountains").values()) == {None}
        assert [hit["memory"] for hit in search(alice, "mountains")] == ["Likes to walk in the mountains"]
        assert reembed(alice.project_id) == f"{alice.project_id}  2 of 2, done"
        near = semantic(alice, "to walk in the mountains")
        assert (near["Likes to walk in the mountains"] or 0) > 0.8 > abs(near["Works as a nurse"] or 1)
    assert set(semantic(alice, "mountains").values()) == {None}
    reembed("--all")
    assert None not in semantic(alice, "mountains").values()


def test_what_memories_said_in_the_past_is_made_anew_too(alice: Person, endpoint: Endpoint) -> None:
    with use_embedder(endpoint.url):
        memory_id = keep(alice, "Lives in Berlin")
        said_at = memory(alice, memory_id)["created_at"]
        put(alice, memory_id, text="Lives in Rome")
    assert semantic(alice, "Berlin", as_of=said_at) == {"Lives in Berlin": None}
    del endpoint.received[:]
    assert reembed(alice.project_id).endswith("3 of 3, done")
    assert sorted(embedded(endpoint)) == ["Lives in Berlin", "Lives in Rome"]
    assert semantic(alice, "Berlin", as_of=said_at)["Lives in Berlin"] is not None
    assert semantic(alice, "Rome")["Lives in Rome"] is not None


def test_nothing_is_done_twice_and_nothing_else_changes(alice: Person, bob: Person, endpoint: Endpoint) -> None:
    with use_embedder(endpoint.url):
        kept, others = keep(alice, "Has a dog"), keep(bob, "Has a cat")
    before: list[Json] = [memory(alice, kept), *history(alice, kept)]
    del endpoint.received[:]
    reembed(alice.project_id)
    assert reembed(alice.project_id).endswith("0 of 0, done")
    assert embedded(endpoint) == ["Has a dog"]
    assert [memory(alice, kept), *history(alice, kept)] == before
    assert models(alice) == {embedder().model} != models(bob)
    assert memory(bob, others)["memory"] == "Has a cat"


def test_words_of_an_older_analyzer_are_made_anew_without_the_embedder(alice: Person, endpoint: Endpoint) -> None:
    keep(alice, "Hat zwei Hunde und eine Katze")
    with tenant_tx(alice.tenant):
        Memory.objects.update(analyzer=1, terms="'hund':1", term_count=1)
    endpoint.usual = failing(401)
    assert texts_found_by_words(alice, "Katzen") == []
    reembed(alice.project_id)
    assert texts_found_by_words(alice, "Katzen") == ["Hat zwei Hunde und eine Katze"]
    with tenant_tx(alice.tenant):
        assert Memory.objects.get().analyzer == VERSION


def texts_found_by_words(person: Person, query: str) -> list[str]:
    return [hit["memory"] for hit in search(person, query, threshold=0) if hit["score_breakdown"]["bm25"] > 0]


def test_an_embedder_that_is_down_ends_it_with_a_sentence_and_the_next_run_goes_on(
    alice: Person, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reembedding, "BATCH", 2)
    facts = [f"Fact {number}" for number in range(5)]
    with use_embedder(endpoint.url):
        for fact in facts:
            keep(alice, fact)
    del endpoint.received[:]
    endpoint.answers, endpoint.usual = [fine], failing(401)
    with pytest.raises(CommandError, match=r"answered 401\. The same command goes on from there\.") as stopped:
        reembed(alice.project_id)
    assert stopped.value.returncode == 2
    assert sorted(texts(alice)) == facts
    endpoint.usual = fine
    done = embedded(endpoint)[:2]
    del endpoint.received[:]
    assert reembed(alice.project_id).endswith("3 of 3, done")
    assert sorted([*done, *embedded(endpoint)]) == facts


def test_an_embedder_that_fails_for_a_while_is_waited_for(
    alice: Person, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reembedding, "FIRST_PAUSE_S", 0.01)
    with use_embedder(endpoint.url):
        keep(alice, "Has a dog")
    endpoint.answers = [failing(401), failing(401)]
    assert reembed(alice.project_id, patience=60).endswith("1 of 1, done")


@pytest.mark.parametrize("by_old_server", [False, True])
def test_an_edit_meanwhile_wins(alice: Person, endpoint: Endpoint, by_old_server: bool) -> None:
    """Also that of a server which was not restarted yet."""
    with use_embedder(endpoint.url):
        kept, other = keep(alice, "Lives in Berlin"), keep(alice, "Has a dog")

    def edit() -> None:
        with use_embedder(endpoint.url) if by_old_server else nullcontext():
            put(alice, kept, text="Lives in Rome")

    endpoint.answers = [meanwhile(edit)]
    reembed(alice.project_id)
    assert {memory(alice, each)["memory"] for each in (kept, other)} == {"Lives in Rome", "Has a dog"}
    assert models(alice) == {embedder().model}
    assert texts_found_by_words(alice, "Rome") == ["Lives in Rome"]
    assert texts_found_by_words(alice, "Berlin") == []


def meanwhile(act: Any) -> Answer:
    """Answers once something else was done."""

    def answer(received: list[str]) -> tuple[int, Json]:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(act).result()
        return fine(received)

    return answer


def test_what_others_hold_is_left_and_said(alice: Person, endpoint: Endpoint, services: Services) -> None:
    with use_embedder(endpoint.url):
        held = keep(alice, "Has a dog")
        keep(alice, "Has a cat")
    with psycopg.connect(services.postgres.admin_url(DATABASE)) as elsewhere:
        elsewhere.execute("SELECT FROM memory WHERE id = %s FOR UPDATE", [held])
        with pytest.raises(CommandError, match="Left 1 that others were changing") as ended:
            reembed(alice.project_id)
    assert ended.value.returncode == 1
    assert reembed(alice.project_id).endswith("1 of 1, done")


def program(services: Services, person: Person, folder: Path) -> tuple[Sequence[str], dict[str, str]]:
    """Returns the command as a process of its own, and its environment."""
    argv = [sys.executable, str(ROOT / "manage.py"), "reembed", person.project_id]
    env = {**services.environment(), "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    names = ("EMBEDDING_PROVIDER", "EMBEDDING_BASE_URL", "EMBEDDING_MODEL")
    return argv, {**env, **{name: getattr(settings, name) for name in names}, "LOCI_HOME": str(folder)}


def test_a_run_that_was_killed_goes_on(alice: Person, endpoint: Endpoint, services: Services, tmp_path: Path) -> None:
    facts = [f"Fact {number}" for number in range(2 * reembedding.BATCH + 1)]
    with tenant_tx(alice.tenant):
        Memory.objects.bulk_create(Memory(text=fact, hash=fact, user_id="alex") for fact in facts)

    def killed(received: list[str]) -> tuple[int, Json]:
        process.send_signal(signal.SIGKILL)
        return fine(received)

    endpoint.answers = [fine, killed]
    argv, env = program(services, alice, tmp_path)
    with subprocess.Popen(argv, env=env) as process:
        assert process.wait() == -signal.SIGKILL
    first = embedded(endpoint)[: reembedding.BATCH]
    del endpoint.received[:]
    assert reembed("--all").startswith(f"{alice.project_id}  101 of 101")
    assert sorted([*first, *embedded(endpoint)]) == sorted(facts)
    assert models(alice) == {embedder().model}


@pytest.mark.parametrize("arguments", [[], ["proj_nothing"], ["proj_nothing", "--all"]])
def test_what_cannot_begin_says_why(alice: Person, arguments: list[str]) -> None:
    with pytest.raises(CommandError, match=r"Name projects, or say --all\.|There is no project proj_nothing\."):
        reembed(*arguments)
