"""Which attributes a question asks for, and so which memories answer it, whatever their words (design.md §4).

`attributes.toml` says how people ask for the well-known ones; any other is asked for by all words of its key. Who asks
about another time or about somebody else asks for no well-known one: an attribute tells what holds now of one entity.
"""

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from loci.tenancy.context import current_project_id
from memories.phrases import Phrase, by_first_word, phrase, standing
from memories.retrieval import analyzer

BENEATH = 0.9
"""The share of a key beneath the one that is asked for, when the question has none of its words."""

MOST_BESIDE = 2
"""Words of a question, without stop words, that may stand beside those that ask for an attribute."""

LONGEST_KEY = 4
"""Words that ask for an attribute, at the most."""

NOTHING = "SELECT NULL::uuid AS id, NULL::float8 AS share WHERE false"
# The order of the joins is fixed, entity first: a planner without statistics begins with all attributes of the project.
_ATTRIBUTES = f"""
    SELECT attribute.memory_id AS id,
           max(CASE WHEN attribute.key = ANY(query.keys) OR of_key.words && query.words THEN 1.0 ELSE {BENEATH} END)
               ::float8 AS share
    FROM (
        SELECT tsvector_to_array(to_tsvector('pg_catalog.english', %s)) AS words,
               %s::text[] AS keys, %s::text[] AS says, %s::text[] AS known
    ) AS query
    JOIN attribute ON attribute.project_id = %s AND attribute.entity_id = ANY(ARRAY(
        SELECT found.id FROM unnest(%s::text[], %s::text[]) AS named (type, name) CROSS JOIN LATERAL (
            SELECT id FROM entity WHERE project_id = %s AND type = named.type AND name = named.name OFFSET 0
        ) AS found
    ))
    CROSS JOIN LATERAL (
        SELECT tsvector_to_array(to_tsvector('pg_catalog.english', translate(attribute.key, '._-', '   '))) AS words
    ) AS of_key
    WHERE EXISTS (
            SELECT FROM unnest(query.keys, query.says) AS asked (key, says)
            WHERE starts_with(attribute.key || '.', asked.key || '.')
              AND ('.' || attribute.key || '.' || attribute.value) ~* asked.says
        )
        OR of_key.words <> '{{}}' AND of_key.words <@ query.words AND attribute.key <> ALL(query.known)
            AND cardinality(query.words) <= cardinality(of_key.words) + {MOST_BESIDE}
    GROUP BY attribute.memory_id
"""  # noqa: S608 - only a constant of this module is written into the text; all else is bound


_OWNER = re.compile(r"\b(?!(?:What|Where|Who|When|How|Which|It|He|She|That|There|Here|Let)\b)([A-Z]\w*)['\u2019]s\b")
"""The name before what is somebody's: "Eli's birthday"."""
_NAME = re.compile(r"(?<=\s)[A-Z]\w*")
_CLAUSE_END = re.compile(r"[,;.!?]+(?=\s|$)")

_Phrases: TypeAlias = Mapping[str, Sequence[Phrase]]


@dataclass(frozen=True)
class Asked:
    """A key that is asked for, with those beneath it; only what matches `says`, of `.key.value`, is the answer."""

    key: str
    says: str = ""


@dataclass(frozen=True)
class _Ask:
    """What is asked for where one of the phrases `by` stands in a question, and none of `unless`."""

    asked: Asked
    by: _Phrases
    unless: _Phrases


def asked(question: str) -> list[Asked]:
    """Returns the well-known keys that a question asks for."""
    clauses = [clause for clause in map(_clause, _CLAUSE_END.split(_OWNER.sub(r"\1 user", question))) if clause]
    return [
        ask.asked
        for ask in _asks()
        if any(_is_about(words, content, ask.by) for words, content in clauses)
        and not _stands(analyzer.spoken(question), ask.unless)
    ]


def _clause(clause: str) -> tuple[list[str], set[str]] | None:
    """Returns its words, and those of them that say what it is about; None where they are too many for any phrase."""
    content = {*analyzer.terms(_NAME.sub("", clause))} - {"user"}
    return (analyzer.spoken(clause), content) if len(content) <= LONGEST_KEY + MOST_BESIDE else None


def _is_about(words: Sequence[str], content: Collection[str], phrases: _Phrases) -> bool:
    """Tells whether one of the phrases stands there, and but few other words that would make it another question."""
    return any(len(set(content) - each.words) <= MOST_BESIDE for each in standing(words, phrases))


def named_by(question: str, entities: Collection[str]) -> tuple[str, Sequence[Any]]:
    """Returns SQL and parameters of the memories that support an attribute of these entities (`user:alex`) asked for.

    Its columns are `id`, and `share`: how much of the attribute the question names, up to 1. Memories that are not to
    be shown can be among them.
    """
    asks = asked(question) if entities else []
    if not entities or not (asks or len(analyzer.query_terms(question)) <= LONGEST_KEY + MOST_BESIDE):
        return NOTHING, []
    keys, says = [ask.key for ask in asks], [ask.says for ask in asks]
    kinds, _, names = zip(*(entity.partition(":") for entity in sorted(entities)), strict=True)
    project = current_project_id()
    return _ATTRIBUTES, [question, keys, says, _well_known(), project, list(kinds), list(names), project]


def _stands(words: Sequence[str], phrases: _Phrases) -> bool:
    return next(standing(words, phrases), None) is not None


def _well_known() -> list[str]:
    return sorted({ask.asked.key for ask in _asks()})


@cache
def _asks() -> list[_Ask]:
    read = tomllib.loads(Path(__file__).with_name("attributes.toml").read_text())
    lists, unless = read["lists"], read["unless"]

    def phrases(written: Iterable[str]) -> _Phrases:
        return by_first_word(phrase(each, lists, _spoken) for each in written)

    def excluding(about: str) -> _Phrases:
        return phrases([*unless["another_time"], *(f"[{others}]" for others in unless["others"] if others != about)])

    return [
        _Ask(Asked(row["key"], _says(row.get("says", ""))), phrases(row["by"]), excluding(row.get("about", "")))
        for row in read["asks"]
    ]


def _spoken(word: str) -> str:
    return analyzer.spoken(word)[0]


def _says(words: str) -> str:
    return rf"\.({'|'.join(words.split())})" if words else ""
