"""Asks a reranker how well each of some texts answers a question: the `/rerank` of Cohere, Jina, Voyage, vLLM and TEI.

They agree on the path, and differ in the rest. Most take `documents`; TEI calls them `texts`, at most 32 of them unless
its operator allows more, and refuses long ones unless it is told to cut them. The answer is `results`, `data` or a bare
list, its measure `relevance_score` or `score`, of which some have no limits. How many are wanted is asked by different
names too, so it is not asked: all of them tell of every text then.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from loci.errors import DependencyError
from loci.net.breaker import Breaker
from loci.net.endpoint import Endpoint
from loci.net.json_api import JsonApi, Refused
from loci.net.outside import assert_outside_transaction

MOST_CHARS = 2_000
"""What is shown of a question and of a text: rerankers read a few hundred words, and some refuse more."""
TEXTS_AT_ONCE = 32
"""What TEI takes in one request."""
MOST_ANSWER_BYTES = 4 * 1024**2
"""Some send the texts back."""
PAUSES_S = (0.05,)
"""Before the one further attempt: a connection that was kept open may have been closed meanwhile."""
_MISUNDERSTOOD = frozenset({400, 422})
"""The service knows the request by another form, or refuses this one: that is no outage."""

Relevances = list[float | None]


def relevances(endpoint: Endpoint, question: str, texts: Sequence[str], *, within_s: float) -> Relevances:
    """Returns how well each text answers the question, by the service's own measure; None where it does not say.

    Raises `DependencyError` when the service fails, takes longer than `within_s`, or does not answer of these texts,
    `CircuitOpen` while it is not to be asked, and `RuntimeError` inside of a transaction. No error quotes a text.
    """
    assert_outside_transaction()
    ends = time.monotonic() + within_s
    shown = [text[:MOST_CHARS] for text in texts]
    with _told(endpoint.breaker):
        for form in _forms(endpoint):
            try:
                found = form(endpoint, question[:MOST_CHARS], shown, ends)
            except Refused as refused:
                if form is _FORMS[-1] or refused.status not in _MISUNDERSTOOD:
                    raise
            else:
                _understood[endpoint.base_url, endpoint.model] = form
                return found
    raise AssertionError("the last form either answers or raises")


@contextmanager
def _told(breaker: Breaker) -> Iterator[None]:
    """Lets the breaker know how it went."""
    probe, failed = breaker.admit(), True
    try:
        yield
        failed = False
    except Refused as refused:
        failed = refused.status not in _MISUNDERSTOOD
        raise
    finally:
        breaker.record(failed=failed, probe=probe)


def _documents(endpoint: Endpoint, question: str, texts: Sequence[str], ends: float) -> Relevances:
    named = {"model": endpoint.model} if endpoint.model else {}
    return _asked(endpoint, {**named, "query": question, "documents": texts}, len(texts), ends)


def _texts(endpoint: Endpoint, question: str, texts: Sequence[str], ends: float) -> Relevances:
    parts = [texts[start : start + TEXTS_AT_ONCE] for start in range(0, len(texts), TEXTS_AT_ONCE)]
    asked = ({"query": question, "texts": part, "truncate": True} for part in parts)
    return [one for body, part in zip(asked, parts, strict=True) for one in _asked(endpoint, body, len(part), ends)]


_Form = Callable[[Endpoint, str, Sequence[str], float], Relevances]
_FORMS: tuple[_Form, ...] = (_documents, _texts)
_understood: dict[tuple[str, str], _Form] = {}
"""The form that a service is known to take, so that it refuses the other one once per process only."""


def _forms(endpoint: Endpoint) -> Sequence[_Form]:
    known = _understood.get((endpoint.base_url, endpoint.model))
    return _FORMS[_FORMS.index(known) :] if known else _FORMS


def _asked(endpoint: Endpoint, body: Mapping[str, Any], count: int, ends: float) -> Relevances:
    api = _api(endpoint.base_url, endpoint.api_key)
    return _read(api.post("rerank", body, within_s=ends - time.monotonic()), count)


@lru_cache(maxsize=4)
def _api(base_url: str, api_key: str) -> JsonApi:
    """Kept open: a new connection would cost a search more than the reranking does."""
    authorization = f"Bearer {api_key}" if api_key else ""
    return JsonApi(base_url, authorization, pauses_s=PAUSES_S, most_bytes=MOST_ANSWER_BYTES)


os.register_at_fork(after_in_child=_api.cache_clear)  # A connection must not be shared between processes.


def _read(answer: Any, count: int) -> Relevances:
    """An answer that speaks of other texts, twice of one or of none, or in no numbers, is not about the question.

    A number is a finite one: `JsonApi` reads no other.
    """
    rows = answer.get("results", answer.get("data")) if isinstance(answer, dict) else answer
    told: dict[int, float] = {}
    for row in rows if isinstance(rows, list) else []:
        number, measure = _number_and_measure(row)
        if number in told or not 0 <= number < count:
            raise _no_answer()
        told[number] = measure
    if not told:
        raise _no_answer()
    return [told.get(number) for number in range(count)]


def _number_and_measure(row: Any) -> tuple[int, float]:
    if not isinstance(row, dict):
        raise _no_answer()
    number, measure = row.get("index"), row.get("relevance_score", row.get("score"))
    # True is an int too.
    if type(number) is not int or not isinstance(measure, int | float) or isinstance(measure, bool):
        raise _no_answer()
    return number, float(measure)


def _no_answer() -> DependencyError:
    return DependencyError("The reranker did not answer of the texts that it was given.")
