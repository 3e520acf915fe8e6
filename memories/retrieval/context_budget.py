"""Which hits go into a context of so many tokens (`max_tokens`).

They are taken best first; what does not fit is passed over. The set with the greatest sum of scores is a worse one: in
it, many short texts of little worth take the place of the one that answers. Measured with 190 questions about 4,312
turns of chats, the share of the evidence in 250, 500 and 1,000 tokens: best first .56, .68 and .77; ending at the first
that does not fit .53, .66 and .76; the greatest sum .28, .49 and .66.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from memories.retrieval.ranking import Dropped, Hit, Reason

BYTES_PER_TOKEN = 4
"""Of UTF-8. Applications read with models of all makers, whose tokenizers differ; by this, English comes out a little
too long and Chinese about right."""


@dataclass(frozen=True)
class Fitting:
    """The hits that fit, in their order, how many tokens their texts have by estimate, and those that were left out."""

    hits: list[Hit]
    tokens: int
    left_out: list[Dropped]


def estimated_tokens(text: str) -> int:
    """Returns about how many tokens a language model reads in a text; at least 1."""
    return max(1, -(-len(text.encode(errors="replace")) // BYTES_PER_TOKEN))


def fitting(hits: Iterable[Hit], *, top_k: int, max_tokens: int) -> Fitting:
    """Returns the best hits, at most `top_k`, whose texts have at most `max_tokens` tokens together.

    They are taken best first. What no longer fits is left out, and what follows it may still fit. A text is not paid
    for twice: a hit that repeats a better one, word for word, is left out too.
    """
    fit = Fitting([], 0, [])
    said: set[str] = set()
    for hit in hits:
        tokens, words = fit.tokens + estimated_tokens(hit.memory.text), _words(hit.memory.text)
        if len(fit.hits) == top_k:
            fit.left_out.append(Dropped(hit, Reason.TOP_K))
        elif words in said:
            fit.left_out.append(Dropped(hit, Reason.DUPLICATE))
        elif tokens > max_tokens:
            fit.left_out.append(Dropped(hit, Reason.MAX_TOKENS))
        else:
            said.add(words)
            fit = Fitting([*fit.hits, hit], tokens, fit.left_out)
    return fit


def _words(text: str) -> str:
    """The text without regard to case and white space."""
    return " ".join(text.casefold().split())
