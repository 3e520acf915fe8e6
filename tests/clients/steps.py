"""What many of these tests begin with."""

from tests.clients.driver import Client


def remember(client: Client, user: str, text: str, **options: object) -> str:
    """Stores a text as it is and returns its memory's id."""
    stored = client.add(text, user_id=user, infer=False, **options)
    memory_id: str = stored["results"][0]["id"]
    return memory_id


def texts_of(page: dict[str, list[dict[str, str]]]) -> list[str]:
    """Returns the texts of what a list or a search answered, in its order."""
    return [memory["memory"] for memory in page["results"]]
