"""Every endpoint, asked by everybody: owners, readers, outsiders, and keys of every kind (reliability.md §2.1)."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.test import Client

from loci.tenancy.context import org_tx, tenant_tx
from orgs.models import Membership, Project, Role, User
from orgs.queries import Caller, caller_of
from orgs.services.api_keys import Restrictions, create_api_key, create_key
from tests.conftest import Person, Services, SetUp
from tests.tenancy.cases import CASES, Call
from tests.tenancy.roles import ACTORS, ALL, KEYS, NEEDS, ORGANIZATION_KEYS, Actor
from tests.tenancy.rows import everything
from tests.tenancy.world import World, in_its_place, new_world

ROLES = {
    "reader": (Role.READER, None),
    "owner of the project only": (None, Role.OWNER),
    "reader of the project only": (None, Role.READER),
    "owner narrowed to reader of the project": (Role.OWNER, Role.READER),
    "reader widened to owner of the project": (Role.READER, Role.OWNER),
}
"""By person: their role in Alice's organization, and in her project."""
ROLES_IN_ANOTHER = {"owner of another project only": Role.OWNER, "reader of another project only": Role.READER}
ENTITIES = {"user": "user:alice", "agent": "agent:alice-agent", "app": "app:alice-app"}
"""By type, what a bound key is bound to: all of them are of Alice's one memory."""
NOTED = frozenset({"audit_entry", "request_log"})
"""What a refused request may add to."""
ENDS = frozenset(
    {
        "DELETE /api/v1/orgs/organizations/<str:org_id>/",
        "DELETE /api/v1/orgs/organizations/<str:org_id>/projects/<str:project_id>/",
    }
)
"""Endpoints after which there is nothing left to be asked for: one of those who may, does."""


@dataclass
class Stage:
    """Alice's organization, and everybody who asks for something there."""

    world: World
    clients: dict[str, Client]

    def ask(self, actor: Actor, endpoint: str) -> int:
        """Returns the status of the endpoint's usual call about Alice's things."""
        method = endpoint.split(" ", maxsplit=1)[0]
        usual = CASES[endpoint].usual
        call = (usual.about(actor.bound_to) if actor.bound_to else usual).naming(self.world.hers)
        if actor.names_project:
            call = _naming_the_project(call, self.world.alice)
        person = replace(self.world.alice, client=self.clients[actor.name])
        return int(self.world.call_as(person, method, call).status_code)

    def again(self) -> None:
        """Gives Alice back what was asked for."""
        self.world.again(self.world.alice)


def _naming_the_project(call: Call, person: Person) -> Call:
    """Sessions and an organization's keys are of no project."""
    if call.path.startswith("/api/") and not call.path.startswith("/api/v1/webhooks/"):
        return call
    return replace(call, query=call.query | {"project_id": person.project_id})


@pytest.fixture
def stage(set_up: SetUp, admin: psycopg.Connection, settings: Any, tmp_path: Path) -> Stage:
    stage = set_up("stage", lambda: new_stage(new_world(admin)))
    in_its_place(stage.world, settings, tmp_path)
    return stage


def new_stage(world: World) -> Stage:
    """Makes everybody who asks, with their keys and sessions."""
    alice, bob = world.alice, world.bob
    owner = User.objects.get(email=alice.email)
    people = {"owner": owner, "outsider": User.objects.get(email=bob.email)}
    project = _project(alice)
    people |= {name: _member(project, name, *roles) for name, roles in ROLES.items()}
    another = _another_project(alice)
    people |= {name: _member(another, name, None, role) for name, role in ROLES_IN_ANOTHER.items()}
    clients = {}
    for name, person in people.items():
        clients[name] = Client(raise_request_exception=False)
        clients[name].force_login(person)
    keys = {"key of the owner": create_api_key(project=project, maker=owner, name="test")}
    keys["key of the reader"] = create_api_key(project=project, maker=people["reader"], name="test")
    for actor in KEYS:
        if actor.name not in keys:
            keys[actor.name] = create_api_key(
                project=project,
                maker=owner,
                name="test",
                scopes=tuple(actor.scopes),
                entity=ENTITIES.get(actor.bound_to, ""),
            )
    keys |= {actor.name: _organization_key(alice, actor) for actor in ORGANIZATION_KEYS}
    clients |= {
        name: Client(headers={"authorization": f"Token {key}"}, raise_request_exception=False)
        for name, key in keys.items()
    }
    return Stage(world, clients)


def _project(alice: Person) -> Project:
    with tenant_tx(alice.tenant):
        found: Project = Project.objects.select_related("org").get(id=alice.tenant.project_id)
        return found


def _another_project(alice: Person) -> Project:
    """A sibling of Alice's project, in the same organization."""
    with tenant_tx(alice.tenant):
        made: Project = Project.objects.create(org_id=alice.tenant.org_id, name="another")
        return made


def _member(project: Project, name: str, in_organization: Role | None, in_project: Role | None) -> User:
    person = User.objects.create_user(f"{name.replace(' ', '-')}@example.com")
    with org_tx(project.org_id):
        for role, project_id in [(in_organization, None), (in_project, project.id)]:
            if role:
                Membership.objects.create(org_id=project.org_id, project_id=project_id, user=person, role=role)
    return person


def _organization_key(alice: Person, actor: Actor) -> str:
    scopes = () if actor.scopes == ALL else tuple(actor.scopes)
    caller = caller_of(alice.key)
    assert isinstance(caller, Caller)
    by = replace(caller, key=None, only_org=None, place=caller.here.organization())
    return create_key(by, "test", Restrictions(scopes=scopes)).secret


def test_every_endpoint_says_what_it_needs() -> None:
    assert sorted(NEEDS) == sorted(CASES)


@pytest.mark.parametrize("endpoint", CASES)
def test_who_may_not_is_refused_and_changes_nothing(stage: Stage, services: Services, endpoint: str) -> None:
    refused = [actor for actor in ACTORS if not actor.may(endpoint)]
    before = everything(services, stage.world.alice.tenant)
    statuses = {actor.name: stage.ask(actor, endpoint) for actor in refused}
    expected = {actor.name: 403 if actor.sees(endpoint) else 404 for actor in refused}
    assert statuses == expected
    after = everything(services, stage.world.alice.tenant)
    assert [table for table in before if table not in NOTED and _settled(before[table]) != _settled(after[table])] == []


def _settled(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """A key was used, even in vain."""
    return [{name: value for name, value in row.items() if name != "last_used_at"} for row in rows]


@pytest.mark.parametrize("endpoint", CASES)
def test_who_may_does(stage: Stage, endpoint: str) -> None:
    admitted = [actor for actor in ACTORS if actor.may(endpoint)]
    statuses = {}
    for actor in admitted[:1] if endpoint in ENDS else admitted:
        stage.again()
        statuses[actor.name] = stage.ask(actor, endpoint)
    assert {name: status for name, status in statuses.items() if status not in {200, 201, 202}} == {}
