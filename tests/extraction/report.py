"""Precision and recall of the offline extractor on the conversations: `python -m tests.extraction.report [part]`."""

import sys
import time
from collections.abc import Iterator, Sequence

import django
import numpy as np

if __name__ == "__main__":
    django.setup()

from memories.embedding.local import LocalEmbedder
from memories.extraction.offline import OfflineExtractor
from tests.extraction.labelled import Result, Score, conversations, measured, total

PARTS = ("development", "held_out")
_RESAMPLES = 2_000


def intervals(results: Sequence[Result]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Returns the 95 % bootstrap intervals of precision and recall; whole conversations are drawn, not facts."""
    counts = np.array([(score.hits, score.wrong, score.missed) for score in (each.score() for each in results)])
    drawn = np.random.default_rng(1).integers(len(counts), size=(_RESAMPLES, len(counts)))
    hits, wrong, missed = counts[drawn].sum(axis=1).T
    shares = (hits / np.maximum(1, hits + wrong), hits / np.maximum(1, hits + missed))
    low_high = [np.percentile(share, (2.5, 97.5)) for share in shares]
    return (float(low_high[0][0]), float(low_high[0][1])), (float(low_high[1][0]), float(low_high[1][1]))


def lines(part: str, results: Sequence[Result], *, with_mistakes: bool) -> Iterator[str]:
    """Yields the report on one part: the whole, each domain, each tag, and the mistakes where they may be seen."""
    yield f"{part}: {len(results)} conversations, {sum(not _expects(each) for each in results)} with nothing to keep"
    if with_mistakes:
        yield from (line for each in results if (line := _mistakes(each)))
        yield from (line for each in results for line in _wrong_verdicts(each))
    score = total(results)
    yield f"  {score.right_verdicts} of {score.verdicts} verdicts on facts found in later adds are right"
    yield _line("all", results)
    for domain in sorted({each.conversation.domain for each in results}):
        yield _line(domain, [each for each in results if each.conversation.domain == domain])
    for tag in sorted({tag for each in results for tag in each.conversation.tags}):
        yield _line(f"#{tag}", [each for each in results if tag in each.conversation.tags])


def _expects(result: Result) -> bool:
    return any(add.facts for add in result.conversation.adds)


def _line(name: str, results: Sequence[Result]) -> str:
    score: Score = total(results)
    precision, recall = intervals(results)
    return (
        f"  {name:18} {len(results):4}  precision {score.precision:.2f} [{precision[0]:.2f}, {precision[1]:.2f}]"
        f"  recall {score.recall:.2f} [{recall[0]:.2f}, {recall[1]:.2f}]"
        f"  {score.hits} right, {score.wrong} wrong, {score.missed} missed, {score.dropped} forbidden"
    )


def _mistakes(result: Result) -> str | None:
    wrong = [text for add in result.adds for text in add.wrong]
    missed = [text for add in result.adds for text in add.missed]
    dropped = [text for add in result.adds for text in add.dropped]
    if not (wrong or missed or dropped):
        return None
    return f"    {result.conversation.name}: wrong {wrong}, missed {missed}, forbidden {dropped}"


def _wrong_verdicts(result: Result) -> Iterator[str]:
    for text, expected, got in (verdict for add in result.adds for verdict in add.verdicts):
        if got not in expected.split("|"):
            yield f"    {result.conversation.name}: {text!r} is {got}, not {expected}"


def _milliseconds(extractor: OfflineExtractor, part: str) -> float:
    """Returns the mean time for a message, each conversation read once more when all is loaded."""
    count = sum(len(add.messages) for each in conversations(part) for add in each.adds)
    started = time.process_time()
    measured(extractor, part)
    return 1000 * (time.process_time() - started) / count


def main() -> None:
    """Prints the report on the parts that are named, else on all; mistakes are shown for the development part only."""
    extractor = OfflineExtractor(LocalEmbedder())
    for part in sys.argv[1:] or PARTS:
        for line in lines(part, measured(extractor, part), with_mistakes=part == "development"):
            print(line)  # noqa: T201  # It is a report.
        print(f"  {_milliseconds(extractor, part):.1f} ms for a message")  # noqa: T201  # As above.


if __name__ == "__main__":
    main()
