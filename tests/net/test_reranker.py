import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from loci.errors import DependencyError
from loci.local.programs import free_port
from loci.net import breaker, json_api, reranker
from loci.net.breaker import CircuitOpen
from loci.net.endpoint import rerank_endpoint
from loci.net.reranker import Relevances, relevances
from tests.fakes.reranker import Dialect, FakeReranker
from tests.fakes.settings import use_reranker

TEXTS = ["Likes tea", "Lives in Berlin", "Has a dog"]
SECRET = "Has a secret"


@pytest.fixture
def fake() -> Iterator[FakeReranker]:
    with FakeReranker(prefers=("Has a dog", "Likes tea")) as server, use_reranker(server):
        yield server


def ask(texts: list[str] = TEXTS, *, within_s: float = 10) -> Relevances:
    endpoint = rerank_endpoint()
    assert endpoint
    return relevances(endpoint, "Which pet?", texts, within_s=within_s)


@pytest.mark.parametrize("dialect", Dialect)
def test_every_dialect_is_understood(fake: FakeReranker, dialect: Dialect) -> None:
    fake.dialect = dialect
    for _ in range(2):
        told = ask()
        assert [told[2], told[0]] == [2.0, 1.0]
    assert fake.headers[0]["authorization"] == "Bearer rerank-key"
    refused = 1 if dialect is Dialect.TEI else 0
    assert len(fake.requests) == 2 + refused, "what a service refuses is asked once only"


def test_a_service_that_reads_32_texts_at_once_is_asked_for_more_in_parts(fake: FakeReranker) -> None:
    fake.dialect = Dialect.TEI
    texts = [f"Has {number} cats" for number in range(70)] + ["Has a dog"]
    told = ask(texts)
    assert (len(told), told[70]) == (71, 2.0)
    assert [len(body.get("texts", [])) for body in fake.requests] == [0, 32, 32, 7]


def test_a_server_that_needs_neither_key_nor_model_gets_none(fake: FakeReranker) -> None:
    with override_settings(RERANK_API_KEY="", RERANK_MODEL=""):
        ask()
    assert "authorization" not in fake.headers[0]
    assert "model" not in fake.requests[0]


def test_long_texts_are_shown_by_their_beginning(fake: FakeReranker) -> None:
    ask(["x" * 100_000, "y"])
    assert [len(text) for text in fake.requests[0]["documents"]] == [reranker.MOST_CHARS, 1]


def test_of_what_a_service_does_not_speak_nothing_is_said(fake: FakeReranker) -> None:
    fake.answer = lambda right: {"results": right["results"][:1]}
    assert ask() == [None, None, 2.0]


def changed(**change: Any) -> Any:
    return lambda right: {"results": [{**right["results"][0], **change}, *right["results"][1:]]}


HOSTILE = {
    "an index beyond": changed(index=3),
    "an index before": changed(index=-1),
    "an index that is a truth": lambda _: {"results": [{"index": True, "relevance_score": 1}]},
    "an index that is a text": changed(index="2"),
    "an index twice": changed(index=0),
    "no index": lambda _: {"results": [{"relevance_score": 1}] * 3},
    "a measure that is no number": lambda _: b'{"results": [{"index": 0, "relevance_score": NaN}]}',
    "a measure without end": lambda _: b'{"results": [{"index": 0, "relevance_score": 1e999}]}',
    "a measure that is a text": changed(relevance_score="high"),
    "a measure that is a truth": changed(relevance_score=True),
    "no measure": lambda _: {"results": [{"index": 0}]},
    "rows that are none": lambda _: {"results": [0, 1, 2]},
    "no rows": lambda _: {"results": []},
    "something else": lambda _: {"results": {"0": 1}},
    "an error that is none": lambda _: {"detail": "the model is loading"},
    "nothing": lambda _: b"",
    "a page": lambda _: b"<html>Welcome to the proxy</html>",
    "a number": lambda _: b"7",
}


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE.keys())
def test_an_answer_that_is_not_about_the_texts_is_none(fake: FakeReranker, answer: Any) -> None:
    fake.answer = answer
    with pytest.raises(DependencyError):
        ask()


def test_an_endless_answer_is_not_read_to_its_end(fake: FakeReranker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reranker, "MOST_ANSWER_BYTES", 1_000)
    reranker._api.cache_clear()
    fake.answer = lambda _: b" " * 2_000
    with pytest.raises(DependencyError, match="too large"):
        ask()
    reranker._api.cache_clear()


@pytest.mark.parametrize("failure", ["hangs", "drips"])
def test_no_question_outlives_its_time(fake: FakeReranker, failure: str) -> None:
    setattr(fake, failure, True)
    started = time.monotonic()
    with pytest.raises(DependencyError, match="in time"):
        ask(within_s=0.3)
    assert time.monotonic() - started < json_api.CONNECT_TIMEOUT_S


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422, 429, 500, 503])
def test_a_failure_is_told_without_the_texts(fake: FakeReranker, status: int) -> None:
    fake.status = status
    with pytest.raises(DependencyError) as failure:
        ask([SECRET, "Likes tea"])
    assert "secret" not in str(failure.value).lower()
    assert failure.value.__cause__ is None


def test_a_service_that_keeps_failing_is_left_alone(fake: FakeReranker) -> None:
    fake.answer = lambda _: b""
    for _ in range(breaker.MAX_FAILED_IN_A_ROW):
        with pytest.raises(DependencyError):
            ask()
    asked = len(fake.requests)
    with pytest.raises(CircuitOpen):
        ask()
    assert len(fake.requests) == asked


def test_requests_that_a_service_refuses_close_no_way(fake: FakeReranker) -> None:
    fake.status = 422
    for _ in range(breaker.MAX_FAILED_IN_A_ROW + 1):
        with pytest.raises(DependencyError, match="answered 422"):
            ask()


def test_nobody_there_is_a_failure() -> None:
    with (
        override_settings(RERANK_BASE_URL=f"http://127.0.0.1:{free_port()}", REDIS_URL="redis://127.0.0.1:1/0"),
        pytest.raises(DependencyError, match="cannot be reached"),
    ):
        ask()


def test_no_reranker_is_called_inside_of_a_transaction(fake: FakeReranker, database: None) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside of a transaction"):
        ask()
    assert not fake.requests
