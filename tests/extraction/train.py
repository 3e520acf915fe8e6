"""Learns what the offline extractor keeps: `python -m tests.extraction.train` writes `offline/weights.json`.

`--folds` prints instead what it finds in conversations that it has not learned from: each tenth of the development
part is read with what was learned from the other nine. The held-out part is never read here.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import django
import numpy as np
from numpy.typing import NDArray

if __name__ == "__main__":
    django.setup()

from memories.embedding.base import Embedder, Vectors
from memories.embedding.local import LocalEmbedder
from memories.extraction import offline
from memories.extraction.base import Fact
from memories.extraction.offline import OfflineExtractor
from memories.extraction.offline.extractor import Found, embedded, found_in
from memories.extraction.offline.features import signs_of
from memories.extraction.offline.keeping import Weights
from tests.extraction.labelled import Conversation, Expected, Result, conversations, given_to, meets, result_of
from tests.extraction.report import lines

EXAMPLES = Path(__file__).with_name("examples.json")
WEIGHTS = Path(offline.__file__).with_name("weights.json")
FOLDS = 10
KEEP = 0.4
"""The chance from which a clause is kept: where the folds find about as much too much as too little."""
STIFFNESS = 3.0
"""How much a weight costs; chosen by `--folds`."""
VECTOR_SCALE = 3.0
"""How much less a weight of the embedding costs than one of a sign."""
STEPS = 15


class RememberingEmbedder(LocalEmbedder):
    """Embeds each text once."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Returns an array of shape (len(texts), 384)."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known |= dict(zip(fresh, super().embed(fresh), strict=True)) if fresh else {}
        return np.array([self._known[text] for text in texts], np.float32).reshape(len(texts), self.dimensions)


@dataclass(frozen=True)
class Row:
    """A clause to learn from, with whether it is worth keeping."""

    signs: frozenset[str]
    vector: NDArray[np.float32]
    is_kept: bool


def rows_of(conversation: Conversation, embedder: Embedder) -> Iterator[Row]:
    """Yields the clauses of a conversation, without those that may be kept or not."""
    for number, expected in enumerate(conversation.adds):
        found = found_in(given_to(conversation, number))
        labels: dict[int, list[bool | None]] = {}
        first = {(one.source, one.clause, one.signs): at for at, one in reversed(list(enumerate(found)))}
        for one in found:
            labels.setdefault(first[one.source, one.clause, one.signs], []).append(_label(one, expected))
        vectors = embedded(found, embedder)
        for at, said in labels.items():
            if True in said or None not in said:
                yield Row(found[at].signs, vectors[at], True in said)


def _label(found: Found, expected: Expected) -> bool | None:
    """Returns whether a find is expected; None where it counts neither for nor against."""
    match = found.match
    fact = Fact(found.text, attribute=match.attribute if match else None, value=match.value if match else None)
    if any(meets(fact, each) for each in expected.drop):
        return False
    if any(meets(fact, each) or _holds_value(fact.text, each) for each in expected.facts):
        return True
    return None if any(meets(fact, each) for each in expected.also) else False


def _holds_value(text: str, expectation: str) -> bool:
    value = expectation.partition(" = ")[2]
    return bool(value) and value.casefold() in text.casefold()


def examples(embedder: Embedder) -> Iterator[Row]:
    """Yields the clauses of `examples.json`, which stand in no conversation."""
    for side, texts in json.loads(EXAMPLES.read_text(encoding="utf-8")).items():
        for text, vector in zip(texts, embedder.embed(texts), strict=True):
            yield Row(signs_of(text), vector, side == "keep")


def fitted(rows: Sequence[Row]) -> Weights:
    """Returns the weights of the logistic regression that explains the rows best, by Newton's method."""
    names = sorted({name for row in rows for name in row.signs})
    parts = (
        np.ones((len(rows), 1)),
        np.array([[name in row.signs for name in names] for row in rows], float),
        VECTOR_SCALE * np.array([row.vector for row in rows], float),
    )
    bias, by_sign, vector = np.split(_solved(np.hstack(parts), rows), [1, 1 + len(names)])
    return Weights(
        bias=round(float(bias[0]), 3),
        signs={name: round(float(value), 3) for name, value in zip(names, by_sign, strict=True)},
        vector=np.round(VECTOR_SCALE * vector, 2).astype(np.float32),
        keep=KEEP,
    )


def _solved(inputs: NDArray[np.float64], rows: Sequence[Row]) -> NDArray[np.float64]:
    wanted = np.array([row.is_kept for row in rows], float)
    cost = np.full(inputs.shape[1], STIFFNESS)
    cost[0] = 1e-3
    beta = np.zeros(inputs.shape[1])
    for _step in range(STEPS):
        chance = 1 / (1 + np.exp(-inputs @ beta))
        slope = inputs.T @ (chance - wanted) + cost * beta
        bend = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + np.diag(cost)
        beta -= np.linalg.solve(bend, slope)
    return beta


def folds(known: Sequence[Conversation], embedder: LocalEmbedder) -> Iterator[tuple[list[Conversation], Weights]]:
    """Yields each part of the conversations with the weights that were learned from the others."""
    order = np.random.default_rng(1).permutation(len(known))
    rows = [list(rows_of(conversation, embedder)) for conversation in known]
    common = list(examples(embedder))
    for fold in range(FOLDS):
        read = set(order[fold::FOLDS].tolist())
        learned_from = [row for number, each in enumerate(rows) if number not in read for row in each]
        yield [known[number] for number in sorted(read)], fitted([*learned_from, *common])


def read_unlearned(embedder: LocalEmbedder) -> list[Result]:
    """Returns what is found in each development conversation with what was learned from others."""
    return [
        result_of(OfflineExtractor(embedder, weights), conversation)
        for part, weights in folds(list(conversations("development")), embedder)
        for conversation in part
    ]


def main() -> None:
    """Writes the weights, or reports on the folds."""
    embedder = RememberingEmbedder()
    if "--folds" in sys.argv:
        for line in lines("development, unlearned", read_unlearned(embedder), with_mistakes="--mistakes" in sys.argv):
            print(line)  # noqa: T201  # It is a report.
        return
    rows = [row for conversation in conversations("development") for row in rows_of(conversation, embedder)]
    WEIGHTS.write_text(as_json(fitted([*rows, *examples(embedder)])), encoding="utf-8")


def as_json(weights: Weights) -> str:
    """Returns the weights as `weights.json` holds them, a sign or twenty numbers in a line."""
    signs = ",\n".join(f"    {json.dumps(name)}: {value}" for name, value in weights.signs.items())
    return (
        f'{{\n  "bias": {weights.bias},\n  "keep": {weights.keep},\n'
        f'  "signs": {{\n{signs}\n  }},\n  "vector": [\n{_in_lines(weights.vector)}\n  ]\n}}\n'
    )


def _in_lines(vector: NDArray[np.float32]) -> str:
    numbers = [f"{number:g}" for number in vector.tolist()]
    return ",\n".join("    " + ", ".join(numbers[at : at + 20]) for at in range(0, len(numbers), 20))


if __name__ == "__main__":
    main()
