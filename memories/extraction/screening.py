"""Facts are screened before anything is made of them, whoever extracted them (docs/memory-safety.md)."""

from collections.abc import Iterable, Iterator
from dataclasses import astuple, replace
from functools import partial

from memories.extraction.base import Edge, Fact, InputMessage
from memories.models import MAX_TOPIC
from memories.screening import joined, redact, screen


def screened(fact: Fact, told: Iterable[InputMessage], *, redact_pii: bool) -> Fact:
    """Returns the fact without secrets and hidden characters anywhere in it, and with its flags.

    `told` are the messages that it came from: what is no longer seen in them marks it, too.
    """
    clean = partial(redact, redact_pii=redact_pii)
    return replace(
        fact,
        text=clean(fact.text),
        value=clean(fact.value) if fact.value else fact.value,
        topics=tuple(clean(topic)[:MAX_TOPIC] for topic in fact.topics),
        relations=tuple(Edge(*map(clean, astuple(edge))) for edge in fact.relations),
        flags=joined(screen("\n".join(_said(fact)), redact_pii=redact_pii).flags, *(message.flags for message in told)),
    )


def _said(fact: Fact) -> Iterator[str]:
    yield fact.text
    yield fact.value or ""
    yield from fact.topics
    for edge in fact.relations:
        yield from astuple(edge)
