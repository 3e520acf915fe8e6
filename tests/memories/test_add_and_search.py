"""The main job: a conversation goes in, memories come out."""

import json
from typing import Any

from tests.conftest import Person

SANDWICH = [
    {"role": "user", "content": "I live in San Francisco. Thinking of making a sandwich. What do you recommend?"},
    {"role": "assistant", "content": "How about adding some cheese for extra flavor?"},
    {"role": "user", "content": "Actually, I don't like cheese."},
]


def post(person: Person, path: str, **body: Any) -> Any:
    response = person.client.post(path, json.dumps(body), content_type="application/json")
    assert response.status_code == 200, response.content
    return response.json()


def test_a_conversation_becomes_memories_that_a_question_finds(alice: Person) -> None:
    added = post(alice, "/v3/memories/add/", messages=SANDWICH, user_id="alex", async_mode=False)
    assert [item["memory"] for item in added["results"]] == ["Lives in San Francisco", "Does not like cheese"]

    question = "Where does Alex live, and what food should I avoid?"
    found = post(alice, "/v3/memories/search/", query=question, filters={"user_id": "alex"})["results"]
    assert {hit["memory"] for hit in found} == {"Lives in San Francisco", "Does not like cheese"}
    assert all(0 < hit["score"] < 1 for hit in found)
