"""A source that suddenly writes or changes far more than usual is told of (reliability.md §2.11)."""

import logging

import pytest
from prometheus_client import REGISTRY
from pytest_django import Settings

from memories.services import churn
from tests.conftest import Person
from tests.memories.support import add, call, ok, texts

FOUR = [{"role": "user", "content": f"Likes tea number {number}"} for number in range(4)]


@pytest.fixture
def hour(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The hour that it is, as a list of one, with an alarm from three changes on."""
    now = [1_000]
    monkeypatch.setattr(churn, "LEAST", 3)
    monkeypatch.setattr(churn, "_hour", lambda: now[0])
    return now


def told(caplog: pytest.LogCaptureFixture) -> list[int]:
    return [vars(record)["count"] for record in caplog.records if record.message == "memories.churn"]


def test_a_warning_comes_once_an_hour_and_counts(
    alice: Person, caplog: pytest.LogCaptureFixture, hour: list[int]
) -> None:
    caplog.set_level(logging.WARNING)
    before = REGISTRY.get_sample_value("loci_memory_churn_total") or 0
    results = add(alice, FOUR, infer=False)["results"]
    [record] = [record for record in caplog.records if record.message == "memories.churn"]
    assert vars(record)["project"] == str(alice.tenant.project_id)
    assert (REGISTRY.get_sample_value("loci_memory_churn_total") or 0) == before + 1
    changes = [{"memory_id": row["id"], "text": f"{row['memory']} less"} for row in results]
    ok(call(alice, "PUT", "/v1/batch/", {"memories": changes}))
    assert told(caplog) == [4]
    hour[0] += 1
    ok(call(alice, "PUT", "/v1/batch/", {"memories": changes}))
    assert told(caplog) == [4, 4]


def test_what_is_usual_for_a_source_is_no_alarm(
    alice: Person, caplog: pytest.LogCaptureFixture, hour: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    add(alice, FOUR, infer=False)
    hour[0] += 1
    monkeypatch.setattr(churn, "TIMES", 48)
    caplog.clear()
    add(alice, [{**each, "content": f"{each['content']} more"} for each in FOUR], infer=False)
    assert told(caplog) == []


def test_without_redis_nobody_is_told_and_nothing_is_lost(
    alice: Person, caplog: pytest.LogCaptureFixture, hour: list[int], settings: Settings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    add(alice, FOUR, infer=False)
    assert (told(caplog), len(texts(alice))) == ([], 4)
