"""Alice with a secret, and Bob, who calls with her ids."""

import json
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
from django.test import Client
from psycopg import sql

from loci.observability import context
from loci.tenancy.context import Tenant, tenant_tx
from memories.models import Entity, Review, ReviewState
from orgs import audit
from orgs.models import ApiKey, Invitation, KeyKind, Membership, Project
from orgs.project_settings import CONSOLIDATION, Consolidation
from tests.conftest import Person, make_person
from tests.orgs.support import signed_in, with_organization_key
from tests.tenancy.cases import Call, Ids
from tests.tenancy.rows import make_rows, org_rows, saved

LONG_NUMBER = 10**12
"""Beyond it, an entity's number is no part of any other number in an answer."""

SECRET = "Hides a badminton racket under the piano"
ORGANIZATIONS = "/api/v1/orgs/organizations/"
WEBHOOKS_OF_PROJECTS = "/api/v1/webhooks/projects/"
EACH_ITS_OWN = {"X-Request-Id", "Content-Length"}
VARYING = {
    "<calendar>": re.compile(r'"structured_attributes":\s*\{[^}]*\}'),
    "<request>": re.compile(r'"request_id":\s*"[^"]*"'),
    "<number>": re.compile(r'"id":\s*(?:"\d+"|\d+(?=[,}]))'),
    "<latency>": re.compile(r'"latency":\s*[\d.]+'),
    "<time>": re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00"),
    "<hash>": re.compile(r"\b[0-9a-f]{64}\b"),
    "<new key>": re.compile(r"loci_(sk|rk|ak)_(\w{46}|….{4})"),
    "<new token>": re.compile(r"(?<=loci-domain-verification=)\w{32,}"),
    "<new id>": re.compile(r"(org|proj|sso|wh)_[0-9A-Za-z]{40}"),
    "<new secret>": re.compile(r"whsec_[0-9A-Za-z+/=]{44}"),
    "<new message>": re.compile(r"msg_[0-9a-f]{32}"),
    "<uuid>": re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
}


def ids_of(person: Person, who: str, text: str) -> Ids:
    """Gives the person a memory of their own entities, and returns all that can be named of it."""
    others = {"agent_id": f"{who}-agent", "app_id": f"{who}-app", "run_id": f"{who}-run"}
    rows = make_rows(person.tenant, user=who, text=text, **others)
    number, request = rows["entity"].number + LONG_NUMBER, uuid.uuid4().hex
    with tenant_tx(person.tenant):
        Project.objects.filter(id=person.tenant.project_id).update(settings={CONSOLIDATION: Consolidation.PROPOSE})
        Entity.objects.filter(id=rows["entity"].id).update(number=number)
        with context.bound(request_id=request):
            audit.record(audit.SYSTEM, "test.record", "memory", rows["memory"].id)
    decided = _decided(person.tenant, rows["review"])
    org_wide = org_rows(person.tenant)
    return Ids(
        memory=str(rows["memory"].id),
        event=str(rows["event"].id),
        quarantined=str(rows["quarantine"].id),
        review=str(rows["review"].id),
        decided=str(decided),
        export=str(rows["export"].id),
        user=who,
        profile_job=str(rows["profile_job"].id),
        agent=others["agent_id"],
        app=others["app_id"],
        run=others["run_id"],
        attribute=rows["attribute"].key,
        entity_number=str(number),
        org=person.org_id,
        project=person.project_id,
        idempotency_key=rows["idempotency_key"].key,
        api_key=str(_spare_key(person.tenant, KeyKind.PROJECT)),
        organization_key=str(_spare_key(person.tenant, KeyKind.ORGANIZATION)),
        invitation=str(org_wide["invitation"].id),
        member=person.email,
        invited=_invited_to_both(person.tenant, org_wide["invitation"]),
        domain=str(org_wide["domain"].id),
        provider=org_wide["identity_provider"].public_id,
        request=request,
        webhook=rows["webhook_endpoint"].public_id,
        message=rows["delivery"].message_id,
    )


def _decided(tenant: Tenant, review: Review) -> uuid.UUID:
    """Makes another review, which is approved, and returns its id."""
    columns = {name: getattr(review, name) for name in ("kind", "memory_id", "hash", "user_id", "agent_id", "app_id")}
    with tenant_tx(tenant):
        decided = Review.objects.create(**columns, run_id=review.run_id, state=ReviewState.APPROVED)
    return uuid.UUID(str(decided.id))


def _spare_key(tenant: Tenant, kind: KeyKind) -> uuid.UUID:
    """Makes a key that nobody has, and returns its id."""
    with tenant_tx(tenant):
        control = Project.objects.get(org_id=tenant.org_id, is_control=True)
        key = ApiKey.objects.create(
            org_id=tenant.org_id,
            project_id=control.id if kind == KeyKind.ORGANIZATION else tenant.project_id,
            kind=kind,
            name="spare",
            digest=os.urandom(32),
            scopes=[],
            created_by_id=Membership.objects.filter(org_id=tenant.org_id).earliest("created_at").user_id,
        )
    return uuid.UUID(str(key.id))


def _invited_to_both(tenant: Tenant, invitation: Invitation) -> str:
    """Invites to the project who is invited to the organization, and returns their email."""
    with tenant_tx(tenant):
        Invitation.objects.create(
            org_id=tenant.org_id,
            project_id=tenant.project_id,
            email=invitation.email,
            role=invitation.role,
            invited_by_id=invitation.invited_by_id,
            expires_at=invitation.expires_at,
        )
    return invitation.email


def ids_of_nobody() -> Ids:
    """Returns ids of the same forms that nobody has."""
    memory, event, quarantined, review, decided, export, name, key = (str(uuid.uuid4()) for _ in range(8))
    return Ids(
        memory=memory,
        event=event,
        quarantined=quarantined,
        review=review,
        decided=decided,
        export=export,
        user=name,
        profile_job=str(uuid.uuid4()),
        agent=f"{name}-agent",
        app=f"{name}-app",
        run=f"{name}-run",
        attribute=f"home of {name}",
        entity_number=str(2 * LONG_NUMBER),
        org=f"org_{name}",
        project=f"proj_{name}",
        idempotency_key=key,
        api_key=str(uuid.uuid4()),
        organization_key=str(uuid.uuid4()),
        invitation=str(uuid.uuid4()),
        member=f"{name}@example.net",
        invited=f"new@{name}.example",
        domain=str(uuid.uuid4()),
        provider=f"sso_{name}",
        request=uuid.uuid4().hex,
        webhook=f"wh_{name}",
        message=f"msg_{uuid.uuid4().hex}",
    )


@dataclass
class World:
    """Alice with her secret, and Bob, whose organization is as it was before each of his calls."""

    alice: Person
    bob: Person
    hers: Ids
    his: Ids
    admin: psycopg.Connection
    sessions: dict[str, Client]
    organization_keys: dict[str, Client]
    saved: dict[str, sql.Composed] = field(default_factory=dict)
    """By email, the statements that put a person's organization back."""
    fresh: dict[str, int] = field(default_factory=dict)
    """By email, how many writes there had been when it was last as it was at first."""

    def clients_of(self, person: Person, call: Call) -> list[Client]:
        """Returns how the person may make the call: with their key, and in their session where that can do it.

        What names a project is also asked with a key of the organization: it may name one, as a session may.
        """
        session, organization_key = self.sessions[person.email], self.organization_keys[person.email]
        if call.path.startswith((ORGANIZATIONS, WEBHOOKS_OF_PROJECTS)):
            return [person.client, session]
        names_project = "project_id" in call.query or "project_id" in (call.body or {})
        return [person.client, session, organization_key] if names_project else [person.client]

    def call_as(self, person: Person, method: str, call: Call) -> Any:
        call = call.by(person.org_id, person.project_id)
        query = f"?{urlencode(call.query)}" if call.query else ""
        body = json.dumps(call.body) if call.body is not None else ""
        return person.client.generic(
            method, call.path + query, body, content_type="application/json", headers=call.headers
        )

    def again(self, person: Person) -> None:
        """Puts the person's organization back to what it was at the first call, if anything was written since."""
        if person.email not in self.saved:
            # No use of a key is noted: that would be a write of every call.
            used = "UPDATE api_key SET last_used_at = now() + interval '1 day' WHERE org_id = %s"
            self.admin.execute(used, [person.tenant.org_id])
            self.saved[person.email] = saved(self.admin, person.tenant)
        if self.fresh.get(person.email) != self._writes():
            with self.admin.transaction():
                self.admin.execute(self.saved[person.email])
        self.fresh[person.email] = self._writes()

    def _writes(self) -> int:
        """The number of the next transaction that writes: one that only reads takes none."""
        [(number,)] = self.admin.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetchall()
        return int(number)

    def answers_to_bob(self, method: str, call: Call, named: Ids | None) -> list[tuple[int, dict[str, str], str]]:
        """Returns what Bob gets for a call that names these ids, with everything that always differs left out.

        Without `named` he names his own.
        """
        answers = []
        for client in self.clients_of(self.bob, call):
            self.again(self.bob)
            response = self.call_as(replace(self.bob, client=client), method, call.naming(named or self.his))
            headers = {name: value for name, value in response.headers.items() if name not in EACH_ITS_OWN}
            text = _settled(response.getvalue().decode(), [*asdict(named or self.his).values()])
            answers.append((response.status_code, headers, text))
        return answers

    def leaks(
        self, method: str, call: Call, named: Ids | None, nobody: Ids | None, nobodys_call: Call | None = None
    ) -> Iterator[str]:
        """Yields how Bob's call that names Alice's ids differs from the same call that names nobody's."""
        foreign = self.answers_to_bob(method, call, named)
        unknown = self.answers_to_bob(method, nobodys_call or call, nobody)
        if foreign != unknown:
            yield f"{call}: {foreign} is not {unknown}"
        yield from (f"{call} tells {word!r}" for word in (SECRET, self.alice.email) if word in str(foreign))


def new_world(admin: psycopg.Connection) -> World:
    """Makes Alice, her secret, and Bob, who has one row in each table too."""
    alice, bob = make_person("alice@example.com"), make_person("bob@example.org")
    sessions = {person.email: signed_in(person).client for person in (alice, bob)}
    organization_keys = {person.email: with_organization_key(person).client for person in (alice, bob)}
    # A new key may well have "bob" in it, and is no name of his then: it has no hyphens.
    hers, his = ids_of(alice, "alice", SECRET), ids_of(bob, "bob-smith", "Lives in Rome")
    return World(alice, bob, hers, his, admin, sessions, organization_keys)


def in_its_place(world: World, settings: Any, folder: Path) -> World:
    """Returns the world as a test finds it: nothing was written yet, and DNS proves the domains of both."""
    world.fresh.clear()
    settings.DNS_FILE = str(folder / "dns")
    records = [
        f'_loci.{person.tenant.org_id}.example "loci-domain-verification=token"' for person in (world.alice, world.bob)
    ]
    Path(settings.DNS_FILE).write_text("\n".join(records))
    return world


def _settled(text: str, named: list[str]) -> str:
    for value in sorted(named, key=len, reverse=True):
        text = text.replace(value, "<named>")
    for name, pattern in VARYING.items():
        text = pattern.sub(name, text)
    return text
