"""Why a memory was found: what of the question it holds, in words that its reader can see (`explain`)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from memories.models import Attribute
from memories.retrieval import analyzer
from memories.retrieval.analyzer import QueryTerm
from memories.retrieval.clues import Clue
from memories.retrieval.ranking import Hit
from memories.topics import keys_that_may_be_named, topic_key

MOST_WORDS = 3
"""Words of a memory that are named for one term."""
WORDS_READ = 1_000
"""Of a memory, from its beginning: later words are matched, but not named."""


@dataclass(frozen=True)
class Matched:
    """What of a question a memory holds: terms with its own words for them, attributes by key, topics, and clues.

    Words are named where they are found by themselves; a term may hold without any.
    """

    terms: Mapping[str, Sequence[str]]
    attributes: Mapping[str, str]
    topics: Sequence[str]
    clues: Sequence[str]


def matched(question: str, clues: Sequence[Clue], hits: Collection[Hit]) -> dict[UUID, Matched]:
    """Returns what each hit of an explained search holds of the question, by its memory's id.

    `clues` are those that were searched with. Attributes are those of now. Runs inside the caller's `tenant_tx`.
    """
    terms, topics = analyzer.query_terms(question), frozenset(keys_that_may_be_named([question]))
    attributes = _attributes([hit.memory.id for hit in hits if hit.attribute is not None])
    return {
        hit.memory.id: Matched(
            terms=_words_of(hit, terms),
            attributes=attributes.get(hit.memory.id, {}),
            topics=[topic for topic in hit.memory.topics if topic_key(topic) in topics],
            clues=[clues[number].name for number in (hit.explained.clues if hit.explained else ())],
        )
        for hit in hits
    }


def _words_of(hit: Hit, terms: Sequence[QueryTerm]) -> dict[str, list[str]]:
    held = [terms[number] for number in (hit.explained.terms if hit.explained else ())]
    named: dict[str, list[str]] = {str(term): [] for term in held}
    by_stem = {stem: str(term) for term in held for stems in term.words for stem in stems}
    for word in islice(dict.fromkeys(analyzer.COMPOUND.findall(hit.memory.text)), WORDS_READ):
        for term in {by_stem[stem] for stem in analyzer.spoken(word) if stem in by_stem}:
            named[term] = [*named[term], word][:MOST_WORDS]
    return named


def _attributes(memory_ids: Collection[UUID]) -> dict[UUID, dict[str, str]]:
    found: dict[UUID, dict[str, str]] = {}
    if memory_ids:
        for row in Attribute.objects.filter(memory_id__in=memory_ids).order_by("key"):
            found.setdefault(row.memory_id, {})[row.key] = row.value
    return found
