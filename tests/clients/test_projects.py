"""The client's project and its settings. Tests share the project: what they change is put back."""

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from tests.clients.driver import Client, connected
from tests.clients.matrix import Matrix
from tests.clients.releases import JAVASCRIPT, PYTHON, RELEASES, of_version, only
from tests.clients.server import Server
from tests.clients.steps import refused

WITH_PROJECT = [release for release in PYTHON if release.version != "0.1.92"]
UPDATED = {"message": "Project updated successfully"}
CATEGORIES = [{"food": "What they eat."}, {"sports": "What they play."}]


@pytest.fixture
def _put_back(client: Client) -> Iterator[None]:
    yield
    client.update_project(custom_instructions="", custom_categories=[])


def project_of(client: Client, *fields: str) -> Any:
    return client.get_project(fields=list(fields))


def request(server: Server, method: str, path: str, **body: Any) -> Any:
    """Does what no client has a method for."""
    headers = {"Authorization": f"Token {server.api_key}", "Content-Type": "application/json"}
    asked = urllib.request.Request(f"{server.host}{path}", json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)


def with_project_of_its_own(server: Server) -> Server:
    """Makes an organization, and returns the server with a key of its project."""
    organizations = "/api/v1/orgs/organizations/"
    org_id = request(server, "POST", organizations, name="Of its own")["org_id"]
    [project] = request(server, "GET", f"{organizations}{org_id}/projects/")
    keys = f"{organizations}{org_id}/projects/{project['project_id']}/api-keys/"
    key = request(server, "POST", keys, name="test")["key"]
    return replace(server, api_key=key, org_id=org_id, project_id=project["project_id"])


def test_get_project_returns_the_whole_project(client: Client, server: Server) -> None:
    project = project_of(client, "custom_instructions", "custom_categories")

    assert (project["project_id"], project["name"], project["user_role"]) == (
        server.project_id,
        "default-project",
        "OWNER",
    )
    assert [project[name] for name in ("custom_instructions", "custom_categories", "version")] == [None, None, "v2"]


@pytest.mark.usefixtures("_put_back")
def test_update_project_changes_instructions_and_categories(client: Client) -> None:
    assert client.update_project(custom_instructions="Leave out prices.") == UPDATED
    assert client.update_project(custom_categories=CATEGORIES) == UPDATED

    project = project_of(client)

    assert (project["custom_instructions"], project["custom_categories"]) == ("Leave out prices.", CATEGORIES)


@pytest.mark.usefixtures("_put_back")
def test_categories_may_be_bare_names(client: Client) -> None:
    client.update_project(custom_categories=["billing"])
    assert project_of(client)["custom_categories"] == [{"billing": ""}]


@only([release for release in RELEASES if release.version not in {"2.2.1", "3.3.1"}])
def test_releases_before_2_2_and_3_0_have_criteria_of_retrieval(client: Client) -> None:
    criterion = {"name": "joy", "description": "How joyful it is.", "weight": 2.0}
    assert client.update_project(retrieval_criteria=[criterion]) == UPDATED
    assert project_of(client)["retrieval_criteria"] == [criterion]

    client.update_project(retrieval_criteria=[])


@only(of_version("3.3.1"))
def test_javascript_clears_and_toggles_with_its_own_names(client: Client) -> None:
    client.update_project(memory_depth="deep", decay=True, agent_custom_instructions="Note promises.")
    assert project_of(client)["agent_custom_instructions"] == "Note promises."

    client.update_project(memory_depth=None, decay=False, agent_custom_instructions="")

    project = project_of(client)
    assert [project[name] for name in ("memory_depth", "decay", "agent_custom_instructions")] == [None, False, None]


def test_a_wrong_setting_is_refused(client: Client) -> None:
    with refused(client, "ValidationError", "custom_categories"):
        client.update_project(custom_categories=[{"food": 1}])
    assert project_of(client)["custom_categories"] is None


@only([release for release in JAVASCRIPT if release.version != "3.3.1"])
def test_older_javascript_sends_what_it_is_given_in_either_spelling(client: Client) -> None:
    client.update_project(customInstructions="Be brief.")
    assert project_of(client, "customInstructions")["custom_instructions"] == "Be brief."
    client.update_project(custom_instructions="")


@pytest.mark.usefixtures("_put_back")
@only(WITH_PROJECT)
def test_the_projects_own_methods_get_and_update_it(client: Client, server: Server) -> None:
    answer = client.call("project.update", custom_instructions="Be brief.", custom_categories=["food"])

    assert answer == UPDATED
    project = client.call("project.get", fields=["custom_instructions"])
    assert (project["project_id"], project["custom_instructions"]) == (server.project_id, "Be brief.")
    assert project["custom_categories"] == [{"food": ""}]


@only(of_version("2.2.1"))
def test_project_update_clears_the_agents_instructions_with_an_empty_text(client: Client) -> None:
    client.call("project.update", agent_custom_instructions="Note promises.", decay=True, multilingual=True)
    project = client.call("project.get")
    assert [project[name] for name in ("agent_custom_instructions", "decay", "multilingual")] == [
        "Note promises.",
        True,
        True,
    ]

    client.call("project.update", agent_custom_instructions="", decay=False, multilingual=False)

    assert client.call("project.get")["agent_custom_instructions"] is None


@only(WITH_PROJECT)
def test_project_create_answers_with_an_id(client: Client) -> None:
    answer = client.call("project.create", f"Support {uuid4()}", description="Conversations with customers.")
    assert answer["message"] == "Project created successfully."
    assert answer["project_id"].startswith("proj_")


@only(WITH_PROJECT)
def test_project_create_needs_a_name(client: Client) -> None:
    with refused(client, "ValidationError", "Project could not be created."):
        client.call("project.create", "")


@only(WITH_PROJECT)
def test_project_delete_ends_the_projects_key(client: Client, server: Server, matrix: Matrix) -> None:
    with connected(client.release, with_project_of_its_own(server), matrix) as of_another:
        answer = of_another.call("project.delete")

        assert answer["message"] == "Project and related data deleted successfully."
        with refused(of_another, "AuthenticationError"):
            of_another.call("project.get")
