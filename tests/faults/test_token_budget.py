"""Reliability E3: a flood of adds does not spend more than the tokens of a day, however many workers ask at once."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.db.models.functions import Now

from loci.local.programs import wait_for
from loci.tenancy.context import tenant_tx
from memories.models import EventStatus
from tests.conftest import Person, Services
from tests.fakes.llm import FakeLLM
from tests.faults.processes import environment, running
from tests.faults.queued import accept, with_status
from workers.models import Job, JobState

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

LIMIT = 400_000
ANSWER = 500
FLOOD = 80
"""The limit is enough for some 25 of them."""
SPENT_WITHIN_S = 200


def test_a_flood_stops_at_the_tokens_of_the_day(services: Services, alice: Person, tmp_path: Path) -> None:
    spent: list[int] = []

    def usage(body: Any, _completion: Any) -> Any:
        """The dearest model there can be: a token for every byte, and all that it may answer."""
        asked = sum(len(message["content"].encode()) for message in body["messages"])
        spent.append(asked + ANSWER)
        return {"prompt_tokens": asked, "completion_tokens": ANSWER}

    with FakeLLM(usage=usage, delay_s=0.2) as llm:
        env = environment(services.environment(), llm.base_url, tmp_path)
        env |= {"WORKER_CONCURRENCY": "6", "LLM_TOKENS_PER_DAY": str(LIMIT), "LLM_MAX_TOKENS": str(ANSWER)}
        env |= {"LLM_BUDGET_S": "60"}  # No call is to be paid for twice because the machine is busy.
        with running(env, tmp_path) as loci:
            events = accept(alice.tenant, [f"I live in Town {number}." for number in range(FLOOD)])

            def is_spent() -> bool:
                done = with_status(alice.tenant, events, EventStatus.SUCCEEDED)
                return done == len(spent) and _waiting_for_long(alice) == FLOOD - done

            assert wait_for(is_spent, SPENT_WITHIN_S)
            answer = httpx2.post(
                f"{loci.url}/v3/memories/add/",
                headers={"Authorization": f"Token {alice.key}"},
                json={"messages": "I live in Rome.", "user_id": "user-0"},
            )
    share = sum(spent) / LIMIT
    print(f"{len(spent)} of {FLOOD} adds spent {share:.1%} of the tokens, {llm.max_concurrency} at once")  # noqa: T201 - the figures are to be published
    assert 0.9 < share <= 1.02
    assert with_status(alice.tenant, events, EventStatus.PENDING) == FLOOD - len(spent)
    assert answer.status_code in {200, 429}


def _waiting_for_long(person: Person) -> int:
    """Those whom the next day's tokens are waited for; who waits for others' calls to end comes back sooner."""
    with tenant_tx(person.tenant):
        return Job.objects.filter(state=JobState.PENDING, not_before__gt=Now() + timedelta(seconds=30)).count()
