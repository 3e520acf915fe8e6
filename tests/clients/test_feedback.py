from uuid import uuid4

import pytest

from tests.clients.driver import Client, ClientError
from tests.clients.releases import RELEASES, only
from tests.clients.steps import items_of, of, refused, remember
from tests.clients.untested import BEFORE_2_0


@only([release for release in RELEASES if release not in BEFORE_2_0])
def test_feedback_on_a_memory_weighs_in_searches_until_it_is_taken_back(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea")

    given = client.feedback(memory_id=memory_id, feedback="NEGATIVE", feedback_reason="Coffee.")
    assert [given["feedback"], given["feedback_reason"]] == ["NEGATIVE", "Coffee."]
    assert _weight(client, user) == 1.5**-0.2

    assert client.feedback(memory_id=memory_id) == {"id": given["id"], "feedback": None, "feedback_reason": None}
    assert _weight(client, user) is None


@only(BEFORE_2_0)
def test_feedback_arrives_before_an_older_client_stumbles(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea")

    for feedback, weight in [("NEGATIVE", 1.5**-0.2), (None, None)]:
        with pytest.raises(ClientError, match="TypeError"):
            client.feedback(memory_id=memory_id, feedback=feedback)
        assert _weight(client, user) == weight


def test_feedback_on_a_memory_that_is_not_there_is_refused(client: Client) -> None:
    with refused(client, "MemoryNotFoundError", "Memory not found!"):
        client.feedback(memory_id=str(uuid4()), feedback="POSITIVE")
    with refused(client, "ValidationError", "Invalid memory_id"):
        client.feedback(memory_id="not-a-uuid", feedback="POSITIVE")


def _weight(client: Client, user: str) -> float | None:
    [hit] = items_of(client.search("tea", **of(client, user_id=user)))
    weight: float | None = hit["score_breakdown"]["feedback"]
    return weight
