"""Reliability B3: when a delivery that failed is tried again."""

import pytest
from pytest_django import Settings

from tests.conftest import Person
from tests.fakes.receiver import Answer, Receiver
from tests.webhooks.sending import attempt, attempts, new_delivery, new_endpoint, seconds_until_due
from webhooks.schedule import seconds_to_next

PLAN = [0.0, 5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0]


def test_the_plan_is_of_ten_attempts_in_75_hours(settings: Settings) -> None:
    assert settings.WEBHOOK_SCHEDULE_S == PLAN
    assert sum(PLAN) == 75 * 3_600 + 35 * 60 + 5
    assert seconds_to_next(10) is None


@pytest.mark.parametrize("tried", range(1, 10))
def test_each_gap_is_the_planned_one_twenty_percent_more_or_less(tried: int) -> None:
    gaps = [seconds_to_next(tried, status=500) or 0 for _ in range(2_000)]
    assert PLAN[tried] * 0.8 <= min(gaps) < PLAN[tried] * 0.82
    assert PLAN[tried] * 1.18 < max(gaps) <= PLAN[tried] * 1.2


@pytest.mark.parametrize("tried", range(1, 10))
def test_an_endpoint_may_ask_for_twice_the_time_and_for_no_less(tried: int) -> None:
    planned = PLAN[tried]
    assert seconds_to_next(tried, retry_after=planned * 1.5) == pytest.approx(planned * 1.5)
    assert seconds_to_next(tried, retry_after=planned * 9) == pytest.approx(planned * 2)
    assert planned * 0.8 <= (seconds_to_next(tried, retry_after=0) or 0) <= planned * 1.2


@pytest.mark.parametrize("status", [429, 502, 504])
def test_an_overloaded_endpoint_gets_twice_the_time_unless_it_says(status: int) -> None:
    assert seconds_to_next(2, status=status) == 600
    assert seconds_to_next(2, status=status, retry_after=450) == 450


def test_a_delivery_that_always_fails_follows_the_plan_and_is_given_up(alice: Person, receiver: Receiver) -> None:
    receiver.answers = [Answer(500)]
    delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, receiver.url))
    for number, planned in enumerate(PLAN[1:], start=1):
        seen = attempt(alice.tenant, delivery)
        assert (seen.state, seen.attempts, seen.last_status) == ("pending", number, 500)
        assert planned * 0.8 - 30 <= seconds_until_due(alice.tenant, delivery) <= planned * 1.2
    done = attempt(alice.tenant, delivery)
    assert (done.state, done.attempts, done.next_at) == ("failed", 10, None)
    assert {message.id for message in receiver.received} == {delivery.message_id}
    assert [(row.number, row.status) for row in attempts(alice.tenant, delivery)] == [
        (number, 500) for number in range(1, 11)
    ]
    attempt(alice.tenant, delivery)
    assert len(receiver.received) == 10


def test_what_the_endpoint_asks_for_is_heard(alice: Person, receiver: Receiver) -> None:
    receiver.answers = [Answer(500), Answer(503, {"Retry-After": "450"}), Answer(503, {"Retry-After": "100000"})]
    delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, receiver.url))
    waits = []
    for _ in range(3):
        attempt(alice.tenant, delivery)
        waits.append(seconds_until_due(alice.tenant, delivery))
    assert waits[1:] == [pytest.approx(450, abs=30), pytest.approx(3_600, abs=30)]
