"""Profiles and summaries, in projects of their own: a sample keeps the others of its project waiting."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.driver import Client, connected
from tests.clients.matrix import Matrix
from tests.clients.releases import PYTHON, of_version, only
from tests.clients.server import Server
from tests.clients.steps import refused, remember
from tests.clients.test_projects import with_project_of_its_own

WITH_PROFILES = of_version("2.2.1", "3.3.1")
WITH_SUMMARY = [release for release in PYTHON if release.version != "0.1.92"]
SCHEMA = {
    "type": "object",
    "properties": {
        "fullName": {"type": "string", "description": "What they are called."},
        "home_city": {"type": "string", "description": "Where they live."},
    },
}
PATIENCE_S = 120


@pytest.fixture
def apart(client: Client, server: Server, matrix: Matrix) -> Iterator[Client]:
    """The same release with a project of its own."""
    with connected(client.release, with_project_of_its_own(server), matrix) as of_another:
        yield of_another


def introduce(client: Client, user: str) -> None:
    """Has the user say something, and waits until it is remembered."""
    client.add([{"role": "user", "content": "My name is Alex. I live in Berlin."}], user_id=user)
    until(lambda: len(client.get_all(filters={"user_id": user})["results"]) == 2)


def until(is_so: Any) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def enable(client: Client) -> Any:
    return client.update_profile_settings(enabled=True, schema=SCHEMA)


@only(WITH_PROFILES)
def test_settings_of_profiles_come_back_as_they_were_given(apart: Client) -> None:
    assert apart.get_profile_settings()["enabled"] is False

    changed = enable(apart)

    assert (changed["enabled"], changed["entities"]["user"]["schema"]) == (True, SCHEMA)
    apart.update_profile_settings(custom_instructions="In German.")
    assert apart.get_profile_settings()["entities"]["user"] == {
        "schema": SCHEMA,
        "custom_instructions": "In German.",
    }
    with refused(apart, "ValidationError", "The schema cannot be used"):
        apart.update_profile_settings(schema={"type": "array"})


@only(WITH_PROFILES)
@pytest.mark.parametrize("name", ["alex", "a/b c"])
def test_a_profile_is_generated_and_read_under_the_names_of_its_schema(apart: Client, name: str) -> None:
    introduce(apart, name)
    enable(apart)
    assert apart.get_profile(entity_id=name)["status"] == "pending"

    started = apart.generate_profile(entity_id=name, idempotency_key="once")

    assert apart.generate_profile(entity_id=name, idempotency_key="once") == {**started, "replayed": True}
    assert (started["operation"], started["entity_count_reserved"], started["replayed"]) == ("trigger", 1, False)
    until(lambda: apart.get_profile(entity_id=name)["status"] == "succeeded")
    found = apart.get_profile(entity_id=name)
    assert found["profile"] == {"fullName": "Alex", "home_city": "Berlin"}
    assert (found["entity_type"], found["entity_id"], found["generation_count"]) == ("user", name, 1)


@only(WITH_PROFILES)
def test_a_sample_is_followed_by_its_address_or_its_id(apart: Client, user: str) -> None:
    introduce(apart, user)
    enable(apart)

    started = apart.sample_profiles(limit=2)

    assert (started["sampled"], started["entity_ids"]) == (1, [user])
    until(lambda: apart.get_profile_job(started["status_url"])["job"]["status"] == "succeeded")
    job = apart.get_profile_job(started["job_id"])["job"]
    assert (job["total"], job["completed"], job["succeeded"], job["enumeration_complete"]) == (1, 1, 1, True)
    with refused(apart, "RateLimitError"):
        apart.sample_profiles()


@only(WITH_PROFILES)
def test_what_cannot_be_generated_is_refused(apart: Client, user: str) -> None:
    remember(apart, user, "Likes tea")
    with refused(apart, "ValidationError", "not enabled"):
        apart.generate_profile(entity_id=user)
    assert apart.get_profile(entity_id=user)["status"] == "not_enabled"
    with refused(apart, "MemoryNotFoundError"):
        apart.get_profile(entity_id="nobody")


@only(WITH_SUMMARY)
def test_a_summary_is_of_what_the_filters_find(client: Client, user: str) -> None:
    remember(client, user, "Likes tea")

    [item] = client.get_summary(filters={"user_id": user})

    assert (item["summary"], item["method"], item["memories"]) == ("Likes tea.", "deterministic", 1)
    assert client.get_summary()
