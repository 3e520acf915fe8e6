"""How many instruction-like memories are marked, and how many ordinary ones: `python -m tests.screening.report [-v]`.

The corpus beside this file is fixed (reliability.md H4). No promise comes of it: who words it otherwise is not marked.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from memories.screening import Flag, screen

CORPUS = Path(__file__).with_name("corpus")


@dataclass(frozen=True)
class Part:
    """What a part of the corpus holds by its groups, and which of these texts are marked."""

    texts: Mapping[str, list[str]]
    marked: frozenset[str]

    @property
    def share(self) -> float:
        """Returns the share of texts that are marked."""
        return self.share_of([text for group in self.texts.values() for text in group])

    def share_of(self, texts: list[str]) -> float:
        """Returns the share of these texts."""
        return sum(text in self.marked for text in texts) / len(texts)


def part(name: str) -> Part:
    """Returns `instructing` or `ordinary`, screened."""
    groups: dict[str, list[str]] = {}
    for line in (CORPUS / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            group = groups.setdefault(line.removeprefix("# "), [])
        else:
            group.append(line)
    texts = [text for group in groups.values() for text in group]
    return Part(groups, frozenset(text for text in texts if Flag.INSTRUCTION in screen(text).flags))


def lines(*, with_mistakes: bool) -> Iterator[str]:
    """Yields the report: each part and each of its groups, and on demand the texts that are judged wrongly."""
    for name, should_be_marked in (("instructing", True), ("ordinary", False)):
        found = part(name)
        yield f"{name}: {found.share:.1%} of {sum(map(len, found.texts.values()))} marked"
        for group, texts in found.texts.items():
            yield f"  {found.share_of(texts):6.1%} of {len(texts):3}  {group}"
            yield from (
                f"          {text}" for text in texts if with_mistakes and (text in found.marked) != should_be_marked
            )


if __name__ == "__main__":
    for line in lines(with_mistakes="-v" in sys.argv[1:]):
        print(line)  # noqa: T201  # It is a report.
