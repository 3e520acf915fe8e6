"""The project's numbers (contract.md §9.5)."""

from uuid import uuid4

from loci.models import RequestLog
from loci.tenancy.context import tenant_tx
from tests.conftest import Person
from tests.memories.support import delete, get, keep

NOTHING = {
    "total_memories": 0,
    "total_retrieval_events": 0,
    "total_add_events": 0,
    "total_api_retrieval_events": 0,
    "total_retrieval_events_limit": None,
    "total_users_with_memories": 0,
    "total_agents_with_memories": 0,
    "total_runs_with_memories": 0,
    "memories_per_user": 0,
    "memories_per_agent": 0,
    "memories_per_run": 0,
}


def log(person: Person, operation: str, status: int = 200) -> None:
    """Writes down an answered request."""
    with tenant_tx(person.tenant):
        RequestLog.objects.create(
            request_id="one",
            key_id=uuid4(),
            method="POST",
            route="/",
            operation=operation,
            status=status,
            milliseconds=1,
        )


def test_an_empty_project_has_only_zeros(alice: Person) -> None:
    assert get(alice, "/v1/stats/") == NOTHING


def test_memories_are_counted_by_whose_they_are(alice: Person, bob: Person) -> None:
    for number in range(3):
        keep(alice, f"of alex {number}")
    keep(alice, "of blake and the helper", user_id="blake", agent_id="helper")
    keep(alice, "of a run", user_id=None, run_id="r1")
    keep(bob, "of bob")
    assert get(alice, "/v1/stats") == {
        **NOTHING,
        "total_memories": 5,
        "total_add_events": 5,
        "total_users_with_memories": 2,
        "total_agents_with_memories": 1,
        "total_runs_with_memories": 1,
        "memories_per_user": 2,
        "memories_per_agent": 1,
        "memories_per_run": 1,
    }


def test_what_was_deleted_is_no_memory_any_more(alice: Person) -> None:
    delete(alice, f"/v1/memories/{keep(alice, 'gone')}/")
    stats = get(alice, "/v1/stats/")
    assert (stats["total_memories"], stats["total_users_with_memories"], stats["memories_per_user"]) == (0, 0, 0)
    assert stats["total_add_events"] == 1


def test_answered_reads_of_memories_are_retrievals(alice: Person, bob: Person) -> None:
    for operation in ("SEARCH", "GET_ALL", "GET"):
        log(alice, operation)
    log(alice, "SEARCH", status=429)
    log(alice, "DELETE")
    log(alice, "")
    log(bob, "SEARCH")
    stats = get(alice, "/v1/stats/")
    assert (stats["total_retrieval_events"], stats["total_api_retrieval_events"]) == (3, 3)
