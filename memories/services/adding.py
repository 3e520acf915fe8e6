"""An add is carried out: messages become facts, facts become memories, in one commit (design.md §3)."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from loci.errors import DependencyError
from loci.observability import metrics
from loci.tenancy.context import Tenant, tenant_tx
from memories.embedding.base import Vectors
from memories.extraction import extractor
from memories.extraction.base import Decision, ExtractionInput, Extractor, Fact, InputMessage, Question
from memories.extraction.screening import screened
from memories.extraction.steering import instructions_of
from memories.models import Entity, Event, Memory, Message, Trust
from memories.notices import tell_verdicts
from memories.provenance import Author
from memories.resolution.candidates import MOST, Queries, Shown, gather, near
from memories.resolution.conversation import Conversation
from memories.resolution.resolver import CandidateChanged, NewMemory, Resolver, hold
from memories.resolution.verdicts import Verdict, results_of
from memories.scope import Scope
from memories.services import churn, events
from memories.services.accepting import BOUND_TO
from memories.text import vectors_of
from orgs.models import Attribution
from orgs.project_settings import REDACT_PII, SUSPICIOUS, Suspicious
from workers import jobs, outcomes
from workers.jobs import Claim
from workers.outcomes import Outcome

logger = logging.getLogger(__name__)

TRIES = 2
"""An add whose candidates changed while a model read them is done once more with fresh ones."""

CONTEXT_MESSAGES = 10
VERBATIM = "verbatim/1"


@dataclass(frozen=True)
class Add:
    """An accepted add, as its worker finds it. `tenant` is bound as the key was that asked."""

    tenant: Tenant
    event: Event
    scope: Scope
    scopes: Mapping[str, Scope]
    """Under what each speaker's facts are kept."""
    messages: tuple[InputMessage, ...]
    context: tuple[InputMessage, ...]
    first_position: int = 0
    """That of the first of `messages` among the event's own."""

    @property
    def infer(self) -> bool:
        """Tells whether facts are to be extracted; else every message is a memory as it stands."""
        return bool(self.event.payload.get("infer", True))

    def scope_of(self, fact: Fact) -> Scope:
        """Returns under what a fact is kept; what is said by nobody who is read belongs to the first who is."""
        first = next(iter(self.scopes.values()))
        return self.scopes.get(fact.speaker, first) if self.infer else self.scope

    def admitted(self, fact: Fact) -> Fact:
        """Returns the fact screened and with who vouches for it: the least trusted of its messages.

        Where it names none, it may come from all of them.
        It has no attribute where that is of another entity than the tenant is bound to.
        """
        told = [self.messages[source] for source in fact.sources] or self.messages
        trust = max((message.vouched_by for message in told), key=list(Trust).index, default=Trust.EXTERNAL)
        fact = screened(replace(fact, trust=trust), told, redact_pii=self.event.payload.get(REDACT_PII, False))
        is_own = self.tenant.entity in {"", self.scope_of(fact).lane}
        fact = replace(fact, sources=tuple(source + self.first_position for source in fact.sources))
        return fact if is_own else replace(fact, attribute=None, value=None)

    @property
    def is_by_user(self) -> bool:
        """Tells whether a user says something in it: nobody else may ask that memories be forgotten."""
        return any(message.vouched_by == Trust.USER for message in self.messages)


@dataclass(frozen=True)
class Found:
    """What an add says: its facts with their embeddings, who found them, and the candidates that they may name."""

    facts: Sequence[Fact]
    vectors: Vectors
    extractor: str
    shown: Shown = field(default_factory=Shown)
    forgotten: Sequence[int] = ()


def perform_add(claim: Claim) -> None:
    """Carries out the add of a claimed job and ends the job.

    Raises `DependencyError` when a model is not to be had, and `workers.jobs.Fenced` when the claim is no longer good;
    in both cases nothing is stored.
    """
    add = load(claim)

    def end(verdicts: list[Verdict]) -> None:
        rows = [verdict.as_json() for verdict in verdicts]
        events.mark_succeeded(add.event.id, results=results_of(verdicts), verdicts=rows)
        outcomes.record(Outcome(meter="add", source=claim.job_id))

    carry_out(add, partial(jobs.finish, claim), end)


def carry_out(add: Add, secure: Callable[[], None], keep: Callable[[list[Verdict]], None]) -> None:
    """Turns the messages of `add` into memories, in one commit that begins with `secure` and ends with `keep`.

    Raises what they raise, and `DependencyError` as `perform_add` does.
    """
    find = _Inference(add).found if add.infer else partial(_verbatim, add)
    for _ in range(TRIES):
        try:
            changes = _attempt(add, find, secure, keep)
        except CandidateChanged:
            logger.info("add.candidates_changed")
        else:
            return churn.note(add.tenant, Author(add.event.actor_id, add.event.key_id), changes)
    raise DependencyError("The memories of this scope keep changing.")


def load(claim: Claim) -> Add:
    """Returns the add of a claimed job, with what was said before in its scope."""
    with tenant_tx(claim.tenant):
        event = Event.objects.get(id=claim.event_id)
        scope = Scope(event.user_id, event.agent_id, event.app_id, event.run_id)
        messages = _inputs(Message.objects.filter(event=event).order_by("position"))
        tenant = replace(claim.tenant, entity=event.payload.get(BOUND_TO, ""))
        return Add(tenant, event, scope, _scopes(event, scope, tenant), messages, _context(event, scope))


def _scopes(event: Event, scope: Scope, tenant: Tenant) -> dict[str, Scope]:
    """Without the scopes that are not of the entity that the tenant is bound to."""
    by_speaker = scope.by_speaker(apart=event.payload.get("attribution") == Attribution.SPEAKER)
    return {speaker: each for speaker, each in by_speaker.items() if not tenant.entity or each.includes(tenant.entity)}


def _context(event: Event, scope: Scope) -> tuple[InputMessage, ...]:
    earlier = Message.objects.filter(**scope.within_lane(), in_context=True, said_at__lte=event.said_at)
    newest = earlier.exclude(event=event).order_by("-said_at", "-event_id", "-position")[:CONTEXT_MESSAGES]
    return _inputs(reversed(newest))


def _inputs(rows: Any) -> tuple[InputMessage, ...]:
    return tuple(
        InputMessage(role=row.role, content=row.content, name=row.name or None, flags=tuple(row.flags)) for row in rows
    )


def _attempt(
    add: Add, find: Callable[[], Found], secure: Callable[[], None], keep: Callable[[list[Verdict]], None]
) -> int:
    """Everything slow happens first, outside of the transaction; the commit holds SQL only. Returns what it changed."""
    found = find()
    with tenant_tx(add.tenant):
        secure()
        verdicts = _resolve(add, found)
        keep(verdicts)
        tell_verdicts(verdicts, add.event.id)
    return sum(result["event"] != "NOOP" for result in results_of(verdicts))


class _Inference:
    """What is found in the messages of an add: all tries together spend one extractor's budget, and search once."""

    def __init__(self, add: Add) -> None:
        self._add = add
        self._queries = Queries([message.content for message in add.messages])
        self._reader = extractor()

    def found(self) -> Found:
        add, shown = self._add, Shown()
        for scope in add.scopes.values():
            shown = gather(add.tenant, scope, self._queries, shown, most=MOST // len(add.scopes))
        extraction = self._reader.extract(_input(add, shown))
        extracted = [add.admitted(fact) for fact in extraction.facts]
        vectors = vectors_of([fact.text for fact in extracted])
        unseen = near(add.tenant, [add.scope_of(fact) for fact in extracted], vectors, shown)
        facts, shown = _look_again(self._reader, extracted, unseen, shown)
        forgotten = extraction.forgotten if add.is_by_user else ()
        return Found(facts, vectors, extraction.extractor, shown, forgotten)


def _verbatim(add: Add) -> Found:
    """System messages are not the speakers' own and are left out (contract.md §5.7)."""
    facts = [
        add.admitted(Fact(text=message.content, sources=(position,), speaker=message.role))
        for position, message in enumerate(add.messages)
        if message.role != "system" and message.content.strip()
    ]
    return Found(facts, vectors_of([fact.text for fact in facts]), VERBATIM)


def _input(add: Add, shown: Shown) -> ExtractionInput:
    return ExtractionInput(
        messages=add.messages,
        observed_at=add.event.said_at.astimezone(ZoneInfo(add.event.payload.get("timezone") or "UTC")),
        context=add.context,
        candidates=shown.candidates,
        instructions=instructions_of(add.event.payload),
        speakers=tuple(add.scopes),
    )


def _look_again(
    reader: Extractor, facts: Sequence[Fact], unseen: Sequence[Sequence[Memory]], shown: Shown
) -> tuple[list[Fact], Shown]:
    """Asks about memories near a fact that the extractor was not shown; usually there are none, and nobody is asked."""
    questions: dict[int, Question] = {}
    for number, (fact, memories) in enumerate(zip(facts, unseen, strict=True)):
        shown = shown.with_more(memories)
        if memories and fact.relation is None:
            questions[number] = Question(fact, shown.of({memory.id for memory in memories}))
    metrics.SECOND_CALLS.labels(str(bool(questions)).lower()).inc()
    decisions = zip(questions, reader.decide(list(questions.values())) if questions else (), strict=True)
    decided = {number: decision for number, decision in decisions if decision}
    return [_decided(fact, decided.get(number)) for number, fact in enumerate(facts)], shown


def _decided(fact: Fact, decision: Decision) -> Fact:
    return replace(fact, relation=decision[0], candidate=decision[1]) if decision else fact


def _resolve(add: Add, found: Found) -> list[Verdict]:
    Entity.objects.bulk_create(
        [Entity(type=kind, name=name) for kind, name in add.scope.entities()], ignore_conflicts=True
    )
    new = NewMemory.of(add.event.payload)
    numbered = enumerate(add.messages, add.first_position)
    names = {position: message.name for position, message in numbered if message.name}
    suspicious = Suspicious(add.event.payload.get(SUSPICIOUS, Suspicious.FLAG))
    verdicts: list[Verdict] = []
    now = timezone.now()
    for scope in _scopes_of(add, found):
        hold(scope)
        chosen = [number for number, fact in enumerate(found.facts) if add.scope_of(fact) == scope]
        said_in = None if add.infer else Conversation.of(scope, new.metadata, add.event.said_at)
        resolver = Resolver(scope, add.event, found.extractor, new, found.shown.known, names, now, suspicious, said_in)
        verdicts += resolver.resolve([found.facts[number] for number in chosen], found.vectors[chosen])
        verdicts += resolver.forget(found.forgotten)
    if found.forgotten:
        Message.objects.filter(event=add.event).update(in_context=False)
    return verdicts


def _scopes_of(add: Add, found: Found) -> list[Scope]:
    told = map(add.scope_of, found.facts)
    return list(dict.fromkeys([*told, *add.scopes.values()] if found.forgotten else told))
