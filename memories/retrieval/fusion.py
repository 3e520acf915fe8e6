"""How the legs of a search become one order and one score, in SQL (design.md §4).

Every candidate has five legs, and is found if any of them speaks for it:

- `semantic`, its cosine with the query's vector; NULL where it has no vector of the query's model;
- `coverage`, its BM25 score as a share of the query's information, which is the sum of the inverse document frequencies
  of all its terms: 1 is about what a short text gets that holds every term. A term counts once per text, since texts of
  memories are short;
- `share`, how much of an attribute that it supports the query names; NULL where it names none;
- `clues`, the sum of the inverse document frequencies of the clues that it has (`clues`): a question's time is weighed
  like a word;
- its context: what speaks for the memories before and after it in a conversation. A short turn leans on those around it
  ("Yes, the blue one") and gives them theirs; a long one stands alone, and matches many questions by a word or two. So
  the context counts the less the longer either text is: measured, it costs nothing in chats with long answers then.

**The order** is by `fused`: the weighted sum of the legs, of which the first two are put between 0 and 1 by their range
within the query's scope. So a leg that tells the candidates apart well counts as much in a query of rare words as in
one of common ones. **The absolute score** is the logistic of the raw legs. It knows nothing of the other candidates'
range, which makes it comparable between queries, and a `threshold` of it meaningful.

`OWN` and `ALONE` are both without the context, `FUSED` and `ABSOLUTE` with it.

The expressions read the columns `semantic`, `length` (terms of the text), `t0`, `t1`, … (1 where the text holds the
term, else 0) and `c0`, `c1`, … (how much it has of a clue, up to 1) of a candidate, and what `totals` names: `average`,
the mean length, `w0`, `w1`, … of each term and `v0`, `v1`, … of each clue.

The weights were fitted on one half of the questions of `tests.bench.retrieval` and checked on the other.
"""

from collections.abc import Iterable, Sequence

DENSE_WEIGHT, LEXICAL_WEIGHT, ATTRIBUTE_WEIGHT, CLUES_WEIGHT, CONTEXT_WEIGHT = 0.5, 0.5, 1.1, 0.12, 0.5
"""How much each leg counts in the order. An attribute counts like the best match of both words and meaning."""

LEAST_RANGE = 0.3
"""Of cosines. Where all texts are much the same, small differences are no evidence."""

STANDS_ALONE = 24
"""The length, in terms, of a text that half leans on its context."""

INTERCEPT, SEMANTIC, COVERAGE, CLUES = -3.2, 8.0, 3.0, 0.5
"""The logistic of the absolute score: of the cosine, of how much of the query's information a memory holds, and of its
clues. Who supports an attribute that is asked for holds as much as is named of it."""

BM25_K1, BM25_B = 2.0, 0.9

ALONE = f"""1 / (1 + exp(-({INTERCEPT} + {SEMANTIC} * coalesce(semantic, 0)
    + {COVERAGE} * greatest(coverage, share) + {CLUES} * clues)))"""

_RANGE = f"greatest(most_semantic - least_semantic, {LEAST_RANGE})"

OWN = f"""{DENSE_WEIGHT} * coalesce((semantic - least_semantic) / {_RANGE}, 0)
    + {LEXICAL_WEIGHT} * coalesce(coverage / nullif(most_coverage, 0), 0)
    + {ATTRIBUTE_WEIGHT} * coalesce(share, 0) + {CLUES_WEIGHT} * clues"""

LEANS = f"1 / (1 + power(length::float8 / {STANDS_ALONE}, 2))"
"""In double precision, as all of it: numbers of any length would take longer than the rest together."""

FUSED = f"own + {CONTEXT_WEIGHT / 2}::float8 * leans * (coalesce(own_before, 0) + coalesce(own_after, 0))"

ABSOLUTE = f"""1 - (1 - alone)
    * (1 - {CONTEXT_WEIGHT / 4}::float8 * leans * (coalesce(alone_before, 0) + coalesce(alone_after, 0)))"""
"""By half of what the order makes of it: what is beside a memory that fits does not fit by that alone."""

RANGE = "min(semantic) AS least_semantic, max(semantic) AS most_semantic, max(coverage) AS most_coverage"
"""What `OWN` reads beside the legs, as aggregates over all candidates."""

_LENGTH = f"(1 + {BM25_K1} * ({1 - BM25_B:.3g} + {BM25_B} * length::float8 / greatest(average, 1)))"


def totals(terms: int, clues: int) -> str:
    """Returns the SELECT of what is counted of a whole scope, all of which was `scanned`."""
    holding = [f"sum(t{number})" for number in range(terms)]
    return _totals("avg(length)::float8", "count(*)", holding, clues)


def totals_known(mean_length: float, texts: int, holding: Sequence[int], clues: int) -> str:
    """Returns the same from what is known before: of how many texts, and how many of them hold each term.

    Of clues nothing is known: their share among the candidates stands for that in the scope.
    """
    return _totals(f"{mean_length!r}::float8", f"{texts}", [f"{min(each, texts)}" for each in holding], clues)


def _totals(average: str, texts: str, holding: Iterable[str], clues: int) -> str:
    of_terms = [f"{_idf(texts, each)} AS w{number}" for number, each in enumerate(holding)]
    of_clues = [f"{_idf('count(*)', f'sum(c{number})')} AS v{number}" for number in range(clues)]
    counted = ", ".join([f"{average} AS average", *of_terms, *of_clues])
    # HAVING makes one row of the scope, also where all is known before and nothing of it is an aggregate.
    return f"SELECT {counted} FROM scanned HAVING true"  # noqa: S608 - no input in it


def coverage(terms: int) -> str:
    """Returns the lexical leg of a query with so many terms."""
    matched = " + ".join(f"t{number} * w{number}" for number in range(terms)) or "0"
    information = " + ".join(f"w{number}" for number in range(terms)) or "1"
    return f"({matched}) * {BM25_K1 + 1} / {_LENGTH} / ({information})"


def clues(number: int) -> str:
    """Returns the leg of so many clues."""
    return " + ".join(f"c{each} * v{each}" for each in range(number)) or "0"


def _idf(texts: str, holding: str) -> str:
    return f"ln(1 + ({texts} - {holding} + 0.5)::float8 / ({holding} + 0.5)::float8)"
