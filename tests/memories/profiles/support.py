"""Profiles as the tests drive them: by HTTP, with the jobs done in this process."""

import json
from typing import Any
from uuid import uuid4

from loci.tenancy.context import Tenant, tenant_tx
from tests.conftest import Person
from tests.memories.support import Json, call, get, ok
from workers.models import Job, JobState
from workers.tasks.profile import PROFILE
from workers.tasks.running import run

JOBS, SETTINGS = "/v2/profiles/jobs/", "/v2/profiles/settings/"
SCHEMA: Json = {
    "type": "object",
    "properties": {
        "fullName": {"type": "string", "description": "What they are called."},
        "home_city": {"type": "string"},
        "age": {"type": "integer"},
    },
}


def enable(person: Person, **user: Any) -> Json:
    """Turns profiles on, with these settings of users, and returns all settings."""
    settings: Json = ok(call(person, "POST", SETTINGS, {"enabled": True, "entities": {"user": user}}))
    return settings


def profile(person: Person, name: str = "alex") -> Json:
    found: Json = get(person, f"/v2/entities/user/{name}/profile/")
    return found


def ask(person: Person, body: Json, key: str = "") -> Any:
    """Returns the response to a request to generate profiles."""
    return call(person, "POST", JOBS, body, **{"Idempotency-Key": key or uuid4().hex})


def trigger(person: Person, name: str = "alex", key: str = "") -> Json:
    started: Json = ok(ask(person, {"operation": "trigger", "entity_type": "user", "entity_id": name}, key))
    return started


def sample(person: Person, limit: int = 3) -> Any:
    return ask(person, {"operation": "sample", "entity_type": "user", "limit": limit})


def generate(person: Person, name: str = "alex") -> Json:
    """Generates a user's profile as a worker does, and returns it."""
    started = trigger(person, name)
    work(person)
    assert generation(person, started)["status"] in {"succeeded", "failed"}
    return profile(person, name)


def generation(person: Person, started: Json) -> Json:
    """Returns how far a started generation is."""
    found: Json = get(person, started["status_url"])["job"]
    return found


def work(person: Person) -> None:
    """Does the open jobs of profiles, step by step, until they are done or have to wait."""
    tenant = Tenant(person.tenant.project_id)
    while any(run(PROFILE, tenant, job.id) for job in open_jobs(person)):
        pass


def open_jobs(person: Person) -> list[Job]:
    with tenant_tx(person.tenant):
        return list(Job.objects.filter(kind="profile", state__in=[JobState.PENDING, JobState.RUNNING]))


def answer(**properties: Any) -> Json:
    """Returns a profile as a model answers it."""
    return {"profile": json.dumps(properties)}
