"""Reviews and consolidations as the tests drive them."""

from typing import Any

from loci.tenancy.context import Tenant, tenant_tx
from memories.models import Attribute, Memory, Revision
from tests.conftest import Person
from tests.memories.support import Json, add, call, get, keep, ok, post, search
from tests.orgs.support import project_of
from workers import jobs
from workers.models import Job, JobState
from workers.tasks.consolidate import CONSOLIDATE
from workers.tasks.running import run

REVIEWS = "/v1/reviews/"
_VARYING = ("_state", "version", "recorded_at")


def set_project(person: Person, **settings: Any) -> None:
    ok(call(person, "PATCH", project_of(person), settings))


def reviews(person: Person, query: str = "") -> list[Json]:
    found: list[Json] = get(person, f"{REVIEWS}{query}")["results"]
    return found


def only_review(person: Person, query: str = "") -> Json:
    (review,) = reviews(person, query)
    return review


def decide(person: Person, review: Json, decision: str, **body: Any) -> Json:
    done: Json = post(person, f"{REVIEWS}{review['id']}/{decision}/", **body)
    return done


def refusal(person: Person, review: Json, decision: str, **body: Any) -> int:
    status: int = call(person, "POST", f"{REVIEWS}{review['id']}/{decision}/", body).status_code
    return status


def consolidate(person: Person, **within: str) -> int:
    """Asks for a consolidation, has it done as workers do, and returns in how many steps."""
    post(person, "/v1/consolidation/", **within)
    return work_off(person)


def work_off(person: Person) -> int:
    """Does the open consolidations of the project, and returns in how many steps."""
    tenant, steps = Tenant(person.tenant.project_id), 0
    while job_ids := _open(person):
        for job_id in job_ids:
            assert run(CONSOLIDATE, tenant, job_id)
            steps += 1
    return steps


def _open(person: Person) -> list[Any]:
    with tenant_tx(person.tenant):
        jobs = Job.objects.filter(kind="consolidate", state__in=[JobState.PENDING, JobState.RUNNING])
        return list(jobs.values_list("id", flat=True))


def found(person: Person, query: str = "tea") -> list[Any]:
    """Returns what a search of Alex finds, with the scores."""
    return [(hit["id"], hit["memory"], round(hit["score"], 6)) for hit in search(person, query, threshold=0)]


def believed(person: Person) -> dict[str, Any]:
    """Returns all that is believed: memories with their vectors, statements with their intervals, and attributes."""
    with tenant_tx(person.tenant):
        memories = [vars(row) for row in Memory.objects.exclude(state="deleted").order_by("id")]
        said = Revision.objects.filter(recorded_to=None).exclude(memory__state="deleted")
        names = ("memory_id", "text", "valid_from", "valid_to", "event_id", "attribute_key", "attribute_value", "trust")
        statements = list(said.order_by("memory_id", "valid_from", "id").values_list(*names))
        attributes = list(Attribute.objects.order_by("key").values_list("entity_id", "key", "value", "memory_id"))
    for row in memories:
        for name in _VARYING:
            del row[name]
    return {"memories": memories, "statements": statements, "attributes": attributes}


def two(person: Person, *said: str, **parameters: Any) -> list[str]:
    """Keeps Alex' tea twice, in the same words, and returns both ids, the older first."""
    return [keep(person, text, **parameters) for text in said or ("Likes tea", "The user likes tea.")]


def keep_both(person: Person, pair: tuple[str, str], **parameters: Any) -> None:
    """Keeps two texts in one add, which is one memory where they become the very same text."""
    add(person, [{"role": "user", "content": text} for text in pair], infer=False, **parameters)


def schedule(person: Person) -> int:
    """Has consolidated what is new, as the dispatcher does every day; returns the steps."""
    with tenant_tx(person.tenant):
        jobs.enqueue(kind="consolidate", queue="maintenance")
    return work_off(person)


def merged(person: Person) -> list[tuple[str, str]]:
    """Returns the pairs that reviews are about: what stays, and what is merged into it."""
    return [(row["memory"]["id"], row["duplicate"]["id"]) for row in reviews(person, "?kind=duplicate")]
