"""The reference page says what a request takes, to readers who have no document of ours."""

import json
import re
from contextlib import closing
from typing import Any

import jsonschema_rs
import pytest
from django.core.checks import run_checks
from django.test import override_settings

from loci.env import ROOT
from memories.api.links import LINKS
from memories.checks import TAG
from tests.conftest import Person
from tests.http.endpoints import json_endpoints
from tests.memories.support import call, get


@pytest.fixture
def description(alice: Person) -> Any:
    return get(alice, "/openapi.json")


def operations(description: Any) -> list[tuple[str, Any]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]


def resolved(description: Any, part: Any) -> Any:
    while "$ref" in part:
        *_, kind, name = part["$ref"].split("/")
        part = description["components"][kind][name]
    return part


def test_the_committed_description_is_the_generated_one(description: Any) -> None:
    committed = json.loads((ROOT / "docs" / "openapi.json").read_bytes())
    assert committed == description, "Run `make schema` and commit docs/openapi.json."


def test_every_endpoint_is_described(description: Any) -> None:
    described = {re.sub(r"{\w+}", "{}", name) for name, _ in operations(description)}
    served = {re.sub(r"<[^>]+>", "{}", str(endpoint)) for endpoint in json_endpoints("loci.urls")}
    assert described == served


def test_every_operation_and_every_parameter_says_what_it_is(description: Any) -> None:
    for name, operation in operations(description):
        assert operation["summary"], name
        assert operation["description"], name
        for parameter in (resolved(description, part) for part in operation["parameters"]):
            assert parameter["description"], (name, parameter)
            assert "schema" in parameter, (name, parameter)


def test_every_body_has_an_example_and_says_what_its_parameters_are(description: Any) -> None:
    bodies = [
        (name, operation["requestBody"]) for name, operation in operations(description) if "requestBody" in operation
    ]
    assert {"DELETE /v1/batch/", "GET /v1/memories/"} <= {name for name, _ in bodies}
    for name, body in bodies:
        content = body["content"]["application/json"]
        assert content["examples"], name
        for parameter, schema in resolved(description, content["schema"])["properties"].items():
            assert resolved(description, schema)["description"], (name, parameter)


def test_every_operation_says_how_it_answers_and_fails(description: Any) -> None:
    for name, operation in operations(description):
        answers = operation["responses"]
        done = next(answers[status] for status in ("200", "201", "202") if status in answers)
        assert done["content"], name
        for media_type, content in done["content"].items():
            assert content["examples"], name
            assert content["schema"].keys() & {"$ref", "items", "additionalProperties"} or "json" not in media_type, (
                name
            )
        assert "X-Request-Id" in done["headers"], name
        assert {"400", "403", "404", "413", "415", "429", "503"} <= answers.keys(), name
        assert ("401" in answers) == ("security" in operation), name
        error = resolved(description, answers["400"])["content"]["application/json"]["example"]
        assert {"detail", "request_id"} <= error.keys(), name


def test_every_example_fits_what_it_is_an_example_of(description: Any) -> None:
    for name, operation in operations(description):
        answers = [answer for answer in operation["responses"].values() if "content" in answer]
        for part in (*answers, operation.get("requestBody", {"content": {}})):
            for content in part["content"].values():
                schema = {**content["schema"], "components": description["components"]}
                for example in content["examples"].values():
                    jsonschema_rs.validate(schema, example["value"], validate_formats=True)
                assert content["examples"], name


def test_every_link_leads_to_an_operation_by_parameters_that_it_has(description: Any) -> None:
    by_id = {operation["operationId"]: operation for _, operation in operations(description)}
    assert by_id.keys() >= LINKS.keys()
    for name in LINKS:
        for link in by_id[name]["responses"]["200"]["links"].values():
            target = by_id[link["operationId"]]
            assert link["parameters"].keys() <= {resolved(description, part)["name"] for part in target["parameters"]}


def test_changes_and_only_changes_take_an_idempotency_key(description: Any) -> None:
    taking = {
        name
        for name, operation in operations(description)
        if "Idempotency-Key" in {resolved(description, part)["name"] for part in operation["parameters"]}
    }
    assert {"POST /v3/memories/add/", "PUT /v1/batch/", "DELETE /v1/memories/{memory_id}/"} <= taking
    assert not taking & {"POST /v3/memories/search/", "POST /v2/memories/", "GET /v1/ping/"}
    for name, operation in operations(description):
        repeated = operation["responses"].get("409", {}).get("$ref") == "#/components/responses/Conflict"
        assert repeated == (name in taking), name


@pytest.mark.parametrize(
    ("body", "ignored"),
    [
        ("AddInput", {"enable_graph", "version", "api_version", "source"}),
        ("SearchInput", {"enable_graph", "use_criteria"}),
    ],
)
def test_parameters_that_are_accepted_and_ignored_say_so(description: Any, body: str, ignored: set[str]) -> None:
    properties = description["components"]["schemas"][body]["properties"]
    assert all(properties[name]["description"].startswith("Accepted and ignored.") for name in ignored)


def test_the_reference_page_needs_nothing_from_elsewhere(alice: Person) -> None:
    page = alice.client.get("/docs").content.decode()
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(assets) == 4
    for asset in assets:
        assert asset.startswith("/static/"), asset
        with closing(alice.client.get(asset)) as answer:
            assert answer.status_code == 200, asset
    assert '"validatorUrl": null' in page


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
        ({"RERANK_BASE_URL": "api.example.com/v1"}, "memories.E003"),
        ({"RERANK_PROVIDER": "llm", "LLM_API_KEY": ""}, "memories.E003"),
    ],
    ids=str,
)
def test_a_start_with_wrong_model_settings_is_refused(settings: dict[str, str], check: str) -> None:
    from memories.embedding import embedder

    embedder.cache_clear()
    with override_settings(**settings):
        assert [error.id for error in run_checks(tags=[TAG])] == [check]
    embedder.cache_clear()
