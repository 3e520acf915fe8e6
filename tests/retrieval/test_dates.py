"""Which times a question names, asked on Friday 15 May 2026."""

from datetime import UTC, datetime
from functools import partial

import pytest

from memories.retrieval.dates import times
from tests.growth import grows_too_fast

FRIDAY = datetime(2026, 5, 15, 16, 30, tzinfo=UTC)


def named(question: str) -> list[str]:
    """The times, as first and last day."""
    return [f"{time.start:%Y-%m-%d}..{time.end:%Y-%m-%d}" for time in times(question, FRIDAY)]


@pytest.mark.parametrize(
    ("question", "time"),
    [
        ("What did I do yesterday?", "2026-05-14..2026-05-15"),
        ("What did I cook a couple of days ago?", "2026-05-13..2026-05-14"),
        ("Which shoes did I buy 10 days ago?", "2026-05-04..2026-05-07"),
        ("What did I plant two weeks ago?", "2026-04-28..2026-05-05"),
        ("Who did I meet last Saturday?", "2026-05-09..2026-05-10"),
        ("When did I see her on Friday?", "2026-05-08..2026-05-09"),
        ("What did we do last weekend?", "2026-05-09..2026-05-11"),
        ("How far did I run last week?", "2026-05-04..2026-05-11"),
        ("What did I plan for next week?", "2026-05-18..2026-05-25"),
        ("What did I spend last month?", "2026-04-01..2026-05-01"),
        ("How many films have I seen in the past month?", "2026-04-15..2026-05-16"),
        ("Which trips did I take in the last three months?", "2026-02-15..2026-05-16"),
        ("What happened in March?", "2026-03-01..2026-04-01"),
        ("What happened in June?", "2025-06-01..2025-07-01"),
        ("What did Caroline do in May 2023?", "2023-05-01..2023-06-01"),
        ("Where were we last spring?", "2026-03-01..2026-06-01"),
        ("Where were we last winter?", "2025-12-01..2026-03-01"),
        ("What did he say on 7 May 2023?", "2023-05-07..2023-05-08"),
        ("What did he say on May 7th?", "2026-05-07..2026-05-08"),
        ("What did he say on December 24?", "2025-12-24..2025-12-25"),
        ("What was decided on 2026-02-03?", "2026-02-03..2026-02-04"),
        ("Where did she live in 2019?", "2019-01-01..2020-01-01"),
        ("Where has she lived since 2019?", "2019-01-01..2026-05-16"),
        ("What have I planted since March?", "2026-03-01..2026-05-16"),
        ("How far have I run since last week?", "2026-05-04..2026-05-16"),
        ("Whom have I met since Monday?", "2026-05-11..2026-05-16"),
    ],
)
def test_a_time_that_a_question_names_is_understood(question: str, time: str) -> None:
    assert named(question) == [time]


@pytest.mark.parametrize(
    "question",
    [
        "How many days ago did I meet Emma?",
        "May I call you April?",
        "What did he say on 31 February 2023?",
        "Which of the 12 months do I like?",
        "",
        "in 0000 of 9999-99-99",
    ],
)
def test_what_names_no_time_is_left_alone(question: str) -> None:
    assert named(question) == []


def test_a_weekday_of_a_vague_time_is_kept() -> None:
    (time,) = times("What did I do with Rachel on the Wednesday two months ago?", FRIDAY)
    assert time.weekday == 2
    assert time.start < datetime(2026, 3, 18, tzinfo=UTC) < time.end


def test_a_question_of_many_times_costs_no_more_than_its_length() -> None:
    assert not grows_too_fast(partial(times, reference=FRIDAY), "on the 3rd of may 20 in may two weeks past a few ")
    assert len(times("yesterday in 2019 in 2020 in 2021 in 2022 in 2023", FRIDAY)) == 4
