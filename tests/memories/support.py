"""The memory API as the tests drive it: by HTTP, with the jobs done in this process."""

import json
from typing import Any
from uuid import UUID

from loci.tenancy.context import Tenant, tenant_tx
from memories.models import Memory, MemoryState
from orgs.models import Project
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from workers.models import Job
from workers.tasks.add import ADD
from workers.tasks.running import run

Json = dict[str, Any]

NOBODYS_ID = "01930000-0000-7000-8000-000000000000"
JAN, FEB, MAR, APR = (f"2026-0{month}-10T12:00:00+00:00" for month in (1, 2, 3, 4))


def call(person: Person, method: str, path: str, body: Json | None = None, **headers: str) -> Any:
    """Returns the response to a request with a JSON body."""
    content = json.dumps(body) if body is not None else ""
    return person.client.generic(method, path, content, content_type="application/json", headers=headers)


def get(person: Person, path: str) -> Any:
    return ok(call(person, "GET", path))


def post(person: Person, path: str, **body: Any) -> Any:
    return ok(call(person, "POST", path, body))


def put(person: Person, memory_id: str, **body: Any) -> Any:
    return ok(call(person, "PUT", f"/v1/memories/{memory_id}/", body))


def delete(person: Person, path: str) -> Any:
    return ok(call(person, "DELETE", path))


def ok(response: Any) -> Any:
    assert response.status_code == 200, response.content
    return response.json()


def queue(person: Person, messages: Any, **parameters: Any) -> str:
    """Accepts an asynchronous add of Alex, and returns its event's id."""
    given = {"user_id": "alex", "messages": messages, **parameters}
    event_id: str = post(person, "/v3/memories/add/", **given)["event_id"]
    return event_id


def work(person: Person, event_id: str) -> Json:
    """Does an accepted add as a worker does, and returns its event."""
    tenant = Tenant(person.tenant.project_id)
    run(ADD, tenant, job_of(person, event_id).id)
    return event(person, event_id)


def add(person: Person, messages: Any, **parameters: Any) -> Json:
    """Adds in this request, and returns the event with its results and verdicts."""
    return event(person, queue(person, messages, async_mode=False, **parameters))


def keep(person: Person, text: str, **parameters: Any) -> str:
    """Keeps a text as it is, and returns the new memory's id."""
    (result,) = add(person, text, infer=False, **parameters)["results"]
    assert result["event"] == "ADD"
    memory_id: str = result["id"]
    return memory_id


def event(person: Person, event_id: str) -> Any:
    return get(person, f"/v1/event/{event_id}/")


def memory(person: Person, memory_id: str) -> Any:
    return get(person, f"/v1/memories/{memory_id}/")


def history(person: Person, memory_id: str) -> Any:
    return get(person, f"/v1/memories/{memory_id}/history/")


def listed(person: Person, filters: Json | None = None, **parameters: Any) -> list[Json]:
    """Returns what a list shows of Alex."""
    given = {"filters": filters or {"user_id": "alex"}, **parameters}
    rows: list[Json] = post(person, "/v3/memories/", **given)["results"]
    return rows


def texts(person: Person, filters: Json | None = None, **parameters: Any) -> list[str]:
    return [row["memory"] for row in listed(person, filters, **parameters)]


def search(person: Person, query: str, filters: Json | None = None, **parameters: Any) -> list[Json]:
    """Returns what a search finds of Alex."""
    given = {"query": query, "filters": filters or {"user_id": "alex"}, **parameters}
    hits: list[Json] = post(person, "/v3/memories/search/", **given)["results"]
    return hits


def supersede(person: Person, memory_id: str, *, by: str) -> None:
    """Makes a memory untrue, as a later statement does."""
    with tenant_tx(person.tenant):
        Memory.objects.filter(id=memory_id).update(state=MemoryState.SUPERSEDED, replaced_by_id=by)


def show_superseded(person: Person) -> None:
    """Sets the project to show superseded memories by itself."""
    with tenant_tx(person.tenant):
        Project.objects.filter(id=person.tenant.project_id).update(shows_superseded=True)


def job_of(person: Person, event_id: str) -> Job:
    with tenant_tx(person.tenant):
        return Job.objects.get(event_id=UUID(event_id))


def change_job(person: Person, event_id: str, **columns: Any) -> None:
    with tenant_tx(person.tenant):
        Job.objects.filter(event_id=UUID(event_id)).update(**columns)


def fact(text: str, **fields: Any) -> Json:
    """Returns a fact as a model answers it."""
    return {"text": text, "speaker": "user", "sources": [0], **fields}


def facts(*found: Json) -> Json:
    """Returns a model's answer."""
    return {"facts": list(found)}


def relation(kind: str, candidate: int = 0) -> Json:
    """Returns how a fact stands to a candidate, to be joined to the fact or answered by itself."""
    return {"relation": kind, "candidate": candidate}


def lives_in(city: str, **fields: Any) -> Json:
    return fact(f"Lives in {city}", attribute="location", value=city, **fields)


def scripted_add(person: Person, llm: FakeLLM, *found: Json, **parameters: Any) -> Json:
    """Adds something in which the model finds these facts, and returns the event."""
    llm.script(facts(*found))
    return add(person, "Something that was said.", **parameters)


def verdicts(event: Json) -> list[str]:
    return [verdict["verdict"] for verdict in event["verdicts"]]
