from uuid import uuid4

from tests.clients.driver import Client
from tests.clients.releases import JAVASCRIPT, PYTHON, only
from tests.clients.steps import listed, refused, remember


def update(client: Client, texts: dict[str, str]) -> object:
    key = "memoryId" if client.release in JAVASCRIPT else "memory_id"
    return client.batch_update([{key: memory_id, "text": text} for memory_id, text in texts.items()])


def delete(client: Client, memory_ids: list[str]) -> object:
    javascript = client.release in JAVASCRIPT
    return client.batch_delete(memory_ids if javascript else [{"memory_id": memory_id} for memory_id in memory_ids])


def test_a_batch_updates_each_of_its_memories(client: Client, user: str) -> None:
    tea, cake, pie = (remember(client, user, text) for text in ("Likes tea", "Likes cake", "Likes pie"))

    answer = update(client, {tea: "Likes green tea", cake: "Likes apple cake"})

    assert answer == {"message": "Successfully updated 2 memories"}
    texts = [client.get(memory_id)["memory"] for memory_id in (tea, cake, pie)]
    assert texts == ["Likes green tea", "Likes apple cake", "Likes pie"]


@only(PYTHON)
def test_a_batch_may_change_the_metadata_alone(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea", metadata={"old": 1})

    client.batch_update([{"memory_id": memory_id, "metadata": {"new": 2}}])

    memory = client.get(memory_id)
    assert (memory["memory"], memory["metadata"]) == ("Likes tea", {"new": 2})


def test_a_batch_deletes_its_memories_and_no_others(client: Client, user: str) -> None:
    tea, cake, _ = (remember(client, user, text) for text in ("Likes tea", "Likes cake", "Likes pie"))

    assert delete(client, [tea, cake]) == {"message": "Successfully deleted 2 memories"}
    assert listed(client, user_id=user) == ["Likes pie"]


def test_a_batch_without_end_is_refused(client: Client) -> None:
    with refused(client, "ValidationError", "Maximum of 1000 memories can be deleted in a single request"):
        delete(client, [str(uuid4()) for _ in range(1001)])
