"""What many of these tests do, in the words of each release: older ones spell some things differently."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.clients.driver import Client, ClientError
from tests.clients.releases import JAVASCRIPT, PYTHON, V1, of_version

CITY, FOOD, DOG = "Lives in San Francisco", "Does not like cheese", "Has a dog called Rufus"
STATUS = {"ValidationError": 400, "AuthenticationError": 401, "MemoryNotFoundError": 404}
BARE_ERRORS = [release for release in PYTHON if release.asyncio and release.version != "2.2.1"]
"""Their handler of errors does not await: httpx's own exception comes through, without the server's words."""


def remember(client: Client, user: str, text: str, **options: object) -> str:
    """Stores a text as it is and returns its memory's id."""
    [stored] = items_of(client.add(text, user_id=user, infer=False, **options))
    memory_id: str = stored["id"]
    return memory_id


def listed(client: Client, **entities: str) -> list[str]:
    """Returns the texts of the memories of these entities, in the order of the list."""
    return texts_of(client.get_all(**of(client, **entities)))


def of(client: Client, **entities: str) -> dict[str, Any]:
    """Returns the arguments that limit a list or a search to these entities: themselves on v1, filters since."""
    return entities if client.release.api == "v1" else {"filters": entities}


def second_version(client: Client) -> dict[str, str]:
    """Returns the argument by which a release of v1 asks for v2; PyPI 1.0.x always does."""
    if client.release not in V1:
        return {}
    return {"api_version" if client.release in JAVASCRIPT else "version": "v2"}


def change_text(client: Client, memory_id: str, text: str) -> Any:
    """Gives a memory a new text and returns the answer."""
    return client.update(memory_id, **{"data" if client.release.version == "0.1.92" else "text": text})


def items_of(answer: Any) -> list[dict[str, Any]]:
    """Returns the items of an answer, which is a bare list in the oldest APIs."""
    items: list[dict[str, Any]] = answer if isinstance(answer, list) else answer["results"]
    return items


def texts_of(answer: Any) -> list[str]:
    """Returns the texts of what an add, a list or a search answered, in its order."""
    return [memory["memory"] for memory in items_of(answer)]


@contextmanager
def refused(client: Client, kind: str, reason: str = "") -> Iterator[None]:
    """Expects the server's refusal as this release shows it: since 0.1.118 and 2.4 by exceptions of `kind`."""
    with pytest.raises(ClientError) as caught:
        yield
    if client.release in BARE_ERRORS:
        kind, reason = "HTTPStatusError", f"'{STATUS[kind]} "
    elif client.release in of_version("0.1.92", "2.1.38"):
        kind = "APIError"
    assert caught.value.kind == kind
    assert reason in str(caught.value)
