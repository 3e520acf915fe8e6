"""A summary without a model: the best memories as they are, by category. Nothing is reworded, and nothing added."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from memories.lifecycle.derived import owner_of
from memories.models import Memory
from memories.retrieval.context_budget import BYTES_PER_TOKEN

UNSORTED = "misc"


def put_together(memories: Sequence[Memory], *, max_tokens: int) -> tuple[str, int]:
    """Returns a line for each category, and of how many memories; best first, as many as fit.

    What no longer fits is left out, and what follows it may still fit. What repeats another text says nothing.
    Memories of several entities have a line for each of them.
    """
    has_several = len({owner_of(memory) for memory in memories}) > 1
    lines: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    said: set[tuple[str, str]] = set()
    left = max_tokens * BYTES_PER_TOKEN
    for memory in memories:
        owner, sentence = owner_of(memory) if has_several else "", _sentence(memory.text)
        line = owner, _category(memory)
        cost = len(f" {sentence}".encode()) + (0 if line in lines else len(_heading(*line).encode()))
        if cost <= left and (owner, sentence.casefold()) not in said:
            lines[line].append(sentence)
            said.add((owner, sentence.casefold()))
            left -= cost
    return _joined(lines), len(said)


def _joined(lines: Mapping[tuple[str, str], Sequence[str]]) -> str:
    # What has no category is last; Python leaves the others in their order, that of the best of each.
    ordered = sorted(lines, key=lambda line: not line[1])
    return "\n".join(f"{_heading(*line)}{' '.join(lines[line])}" for line in ordered)


def _heading(owner: str, category: str) -> str:
    words = ", ".join(filter(None, [owner, category]))
    return f"{words[0].upper() if not owner else words[0]}{words[1:]}: " if words else ""


def _category(memory: Memory) -> str:
    name = next(iter(memory.categories or ()), "")
    return "" if name == UNSORTED else name.replace("_", " ")


def _sentence(text: str) -> str:
    plain = " ".join(text.split())
    return plain if plain.endswith((".", "!", "?", "。", "…")) else f"{plain}."
