"""Memories of the same entities that say the same become one, or somebody is asked whether to (design.md §2, §3).

A job goes through the scopes of a project in which something is new. Texts in the same words are found without
comparing each with each. Where a model is set up, it is asked about what is near to something new.
"""

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Q

from loci.errors import DomainError
from loci.tenancy.context import Tenant, current_project_id, tenant_tx
from memories.lifecycle.merging import Pair, pairs_of
from memories.lifecycle.reviews import asked_about, propose
from memories.lifecycle.sameness import wording
from memories.models import Memory, Review, ReviewState
from memories.queries import SEARCHED_ONLY, visible
from memories.scope import Scope
from memories.services.judging import Judged, judge
from memories.services.reviewing import decide, lock, merge
from orgs.models import Project
from orgs.project_settings import CONSOLIDATION, Consolidation
from workers import jobs
from workers.jobs import Claim
from workers.models import Job, JobState

T = TypeVar("T")

KIND = "consolidate"
QUEUE = "maintenance"

STEP_S = 3.0
"""Whoever runs the job works for this long, and leaves the rest to the next step."""
SCOPES = 200
TEXTS = 5_000
"""Rows that are read by one statement."""
LARGEST = 200
"""Memories of the same words that one run looks at, and those of several groups that one commit may merge."""

SAME_WORDS = "They say the same in the same words."
JUDGED_SAME = "A language model judged that they say the same."
IS_OFF = "The project's consolidation is off. Set it to propose or apply first."


@dataclass(frozen=True)
class Cursor:
    """How far a run has come: `after` is the last scope that is done, `group` and `asked` how far the next one is.

    `since` is when the run before this one began, None where everything is looked at; `within` narrows the scopes.
    """

    since: str | None = None
    within: dict[str, str] = field(default_factory=dict)
    after: list[str] | None = None
    group: str = ""
    asked: str | None = None

    def past(self, scope: Scope) -> "Cursor":
        """Returns the cursor of the next scope."""
        return replace(self, after=_key_of(scope), group="", asked=None)


def accept_consolidation(tenant: Tenant, within: Scope) -> Job | None:
    """Stores a job that looks at all memories with these ids, to be rung for after the commit; None: one is stored.

    Raises `DomainError` where the project does not want it.
    """
    cursor = asdict(Cursor(within=within.present()))
    with tenant_tx(tenant):
        if _policy() == Consolidation.OFF:
            raise DomainError(IS_OFF)
        if Job.objects.filter(kind=KIND, state__in=jobs.OPEN, cursor=cursor).exists():
            return None
        return jobs.enqueue(kind=KIND, queue=QUEUE, cursor=cursor)


def perform_consolidation(claim: Claim) -> None:
    """Takes one step of a claimed consolidation; ends at once where the project does not want it.

    Raises `jobs.Unfinished` when more is left, `Fenced`, and `DependencyError` when a model is not to be had.
    """
    run = _Run(claim, time.monotonic() + STEP_S)
    if run.policy != Consolidation.OFF:
        run.go_on()
    with tenant_tx(claim.tenant):
        jobs.finish(claim)


class _Run:
    """One step: what it may do, how far it has come, and until when."""

    def __init__(self, claim: Claim, deadline: float) -> None:
        self.claim, self.deadline = claim, deadline
        with tenant_tx(claim.tenant):
            self.policy = _policy()
            self.cursor = Cursor(**claim.cursor) if claim.cursor else Cursor(since=_last_run())

    def go_on(self) -> None:
        """Goes through the scopes that are left. Raises `jobs.Unfinished` at the deadline."""
        while scopes := self._next():
            for scope in scopes:
                self._merge_same_words(scope)
                self._merge_judged(scope)
                self._advance(self.cursor.past(scope))

    def _next(self) -> list[Scope]:
        with tenant_tx(self.claim.tenant):
            return _scopes(self.cursor)

    def _merge_same_words(self, scope: Scope) -> None:
        told = _by_words(_texts(self.claim.tenant, scope), scope)
        groups = {key: self._some(ids) for key, ids in told.items() if len(ids) > 1 and key > self.cursor.group}
        for last, memory_ids in _together(groups):
            with tenant_tx(self.claim.tenant):
                self._note(replace(self.cursor, group=last))
                # They may say something else than when they were read.
                memories = _locked(memory_ids)
                for alike in _by_words(((memory, memory.text) for memory in memories), scope).values():
                    self._settle(pairs_of(alike), SAME_WORDS)
            self._pause_if_due()

    def _some(self, alike: Sequence[UUID]) -> Sequence[UUID]:
        """Returns those of a group that one run looks at, and passes over what an earlier one left as it is."""
        if len(alike) <= LARGEST:
            return alike
        with tenant_tx(self.claim.tenant):
            left = asked_about(alike, even_open=self.policy == Consolidation.PROPOSE)
        return [memory_id for memory_id in alike if memory_id not in left][:LARGEST]

    def _merge_judged(self, scope: Scope) -> None:
        tenant = self.claim.tenant
        while answer := judge(tenant, scope, since=self.cursor.since, after=self.cursor.asked):
            with tenant_tx(tenant):
                self._note(replace(self.cursor, asked=str(answer.last)))
                # All at first, in the order of ids as all who change memories lock them.
                _locked([memory_id for judged in answer.pairs for memory_id in judged.hashes])
                for judged in answer.pairs:
                    self._settle(_unchanged(judged), JUDGED_SAME)
            self._pause_if_due()

    def _settle(self, pairs: Iterable[Pair], reason: str) -> None:
        for memory, other in pairs:
            review = propose(memory, other, reason)
            # What was asked the other way round is left to who was asked.
            is_asked = review.state == ReviewState.OPEN and review.other_id == other.id
            if self.policy == Consolidation.APPLY and is_asked:
                _apply(review)

    def _advance(self, cursor: Cursor) -> None:
        with tenant_tx(self.claim.tenant):
            self._note(cursor)
        self._pause_if_due()

    def _note(self, cursor: Cursor) -> None:
        jobs.advance(self.claim, asdict(cursor))
        self.cursor = cursor

    def _pause_if_due(self) -> None:
        if time.monotonic() > self.deadline:
            raise jobs.Unfinished


def _apply(review: Review) -> None:
    asked = lock(review)
    decide(asked, ReviewState.APPROVED, merge(asked))


def _policy() -> Consolidation:
    # Not by the manager: a worker knows the project only, and not its organization.
    kept = Project._base_manager.values_list("settings", flat=True).get(id=current_project_id())
    return Consolidation(kept.get(CONSOLIDATION, Consolidation.OFF))


def _last_run() -> str | None:
    """When the last run over the whole project began; one that found consolidation off has no cursor."""
    runs = Job.objects.filter(kind=KIND, state=JobState.DONE, cursor__within={})
    began: datetime | None = runs.order_by("-created_at").values_list("created_at", flat=True).first()
    return began.isoformat() if began else None


def _by_words(told: Iterable[tuple[T, str]], scope: Scope) -> dict[str, list[T]]:
    """Returns what was told in the same words, by these; nothing of texts without words."""
    found: dict[str, list[T]] = defaultdict(list)
    for each, text in told:
        if said := wording(text, of_user=scope.user_id is not None):
            found[hashlib.blake2b(said.encode(), digest_size=16).hexdigest()].append(each)
    return found


def _together(groups: Mapping[str, Sequence[UUID]]) -> Iterator[tuple[str, list[UUID]]]:
    """Yields the memories of as many groups as one commit takes, in the order of their keys, with the last key."""
    some: list[UUID] = []
    last = ""
    for key in sorted(groups):
        if some and len(some) + len(groups[key]) > LARGEST:
            yield last, some
            some = []
        some, last = [*some, *groups[key]], key
    if some:
        yield last, some


def _locked(memory_ids: Sequence[UUID]) -> list[Memory]:
    found = visible(Q(id__in=memory_ids)).select_for_update(of=["self"]).order_by("id")
    return list(found.defer(*SEARCHED_ONLY))


def _unchanged(judged: Judged) -> Iterator[Pair]:
    memories = _locked(list(judged.hashes))
    if {memory.id: memory.hash for memory in memories} == judged.hashes:
        yield from pairs_of(memories)


def _texts(tenant: Tenant, scope: Scope) -> Iterator[tuple[UUID, str]]:
    """Yields id and text of the scope's memories, each part in a short transaction of its own."""
    after = UUID(int=0)
    while True:
        with tenant_tx(tenant):
            found = visible(Q(**scope.exactly(), immutable=False, id__gt=after)).order_by("id")
            rows = list(found.values_list("id", "text")[:TEXTS])
        yield from rows
        if len(rows) < TEXTS:
            return
        after = rows[-1][0]


def _key_of(scope: Scope) -> list[str]:
    return [name or "" for name in scope.columns().values()]


def _scopes(cursor: Cursor) -> list[Scope]:
    """Returns the next scopes in which a memory is new, in the order of their names."""
    parameters: dict[str, Any] = {
        "project": current_project_id(),
        "since": cursor.since,
        "most": SCOPES,
        "after": cursor.after or ["", "", "", ""],
        **{name: cursor.within.get(name) for name in Scope().columns()},
    }
    with connection.cursor() as sql:
        sql.execute(_SCOPES, parameters)
        return [Scope(*(name or None for name in row)) for row in sql.fetchall()]


# No entity's name is empty, so that "" can stand for none.
_SCOPES = """
    SELECT DISTINCT coalesce(user_id, ''), coalesce(agent_id, ''), coalesce(app_id, ''), coalesce(run_id, '')
    FROM memory
    WHERE project_id = %(project)s AND state = 'active'
      AND (%(user_id)s::text IS NULL OR user_id = %(user_id)s)
      AND (%(agent_id)s::text IS NULL OR agent_id = %(agent_id)s)
      AND (%(app_id)s::text IS NULL OR app_id = %(app_id)s)
      AND (%(run_id)s::text IS NULL OR run_id = %(run_id)s)
      AND ARRAY[coalesce(user_id, ''), coalesce(agent_id, ''), coalesce(app_id, ''), coalesce(run_id, '')]::text[]
          > %(after)s::text[]
      AND (%(since)s::timestamptz IS NULL OR id IN (
          SELECT memory_id FROM revision
          WHERE project_id = %(project)s AND recorded_from >= %(since)s AND cause IN ('ADD', 'UPDATE', 'DELETE')
      ))
    ORDER BY 1, 2, 3, 4
    LIMIT %(most)s
"""
