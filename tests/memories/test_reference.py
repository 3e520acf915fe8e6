"""The reference page says what a request takes, to readers who have no document of ours."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import override_settings

from memories.checks import TAG
from tests.conftest import Person
from tests.memories.support import call, get


@pytest.fixture
def description(alice: Person) -> Any:
    return get(alice, "/openapi.json")


def test_filters_messages_and_pages_are_described(description: Any) -> None:
    schemas = description["components"]["schemas"]
    assert schemas["SearchInput"]["properties"]["filters"]["example"] == {"user_id": "alex"}
    assert "oneOf" in schemas["AddInput"]["properties"]["messages"]
    parameters = description["paths"]["/v3/memories/"]["post"]["parameters"]
    assert {"page", "page_size"} <= {parameter["name"] for parameter in parameters}


def test_no_description_cites_a_document_that_the_reader_does_not_have(description: Any) -> None:
    assert ".md" not in str(description)


def test_the_wildcard_of_filters_is_no_id(alice: Person) -> None:
    response = call(alice, "POST", "/v3/memories/add/", {"messages": "I like tea.", "user_id": "*"})
    assert response.status_code == 400
    assert "user_id" in response.json()


@pytest.mark.parametrize(
    ("settings", "check"),
    [
        ({"LLM_PROVIDER": "foo"}, "memories.E001"),
        ({"LLM_PROVIDER": "ollama", "LLM_MODEL": ""}, "memories.E001"),
        ({"EMBEDDING_PROVIDER": "foo"}, "memories.E002"),
    ],
    ids=str,
)
def test_a_start_with_wrong_model_settings_is_refused(settings: dict[str, str], check: str) -> None:
    from memories.embedding import embedder

    embedder.cache_clear()
    with override_settings(**settings):
        assert [error.id for error in run_checks(tags=[TAG])] == [check]
    embedder.cache_clear()
