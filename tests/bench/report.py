"""The table that the benchmark prints."""

import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass


def say(line: str = "") -> None:
    """Prints a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@dataclass(frozen=True)
class Latency:
    """Response times of one kind of request, in seconds."""

    samples: Sequence[float]

    @property
    def p50(self) -> float:
        """Returns the median in milliseconds."""
        return statistics.median(self.samples) * 1000

    @property
    def p95(self) -> float:
        """Returns the time in milliseconds within which 95 % of the requests were answered."""
        return sorted(self.samples)[int(len(self.samples) * 0.95)] * 1000

    @property
    def mean(self) -> float:
        """Returns the mean in milliseconds."""
        return statistics.fmean(self.samples) * 1000

    def __str__(self) -> str:
        return f"p50 {self.p50:.1f} ms, p95 {self.p95:.1f} ms, mean {self.mean:.1f} ms"


@dataclass(frozen=True)
class Limit:
    """A measured number and the most that it should be."""

    measured: float
    most: float
    unit: str

    def __str__(self) -> str:
        verdict = "met" if self.measured <= self.most else "MISSED"
        return f"{verdict} ({self.measured:.1f}, at most {self.most:g} {self.unit})"


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints rows below their heads; the first column is what a row is about."""
    cells = [[str(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    say(f"\n{title}")
    for first, *rest in cells:
        others = "  ".join(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        say(f"  {first:<{widths[0]}}  {others}")


def show(name: str, value: object, *limits: Limit) -> None:
    """Prints one measurement and how it compares with its targets."""
    say(f"  {name:<34} {value!s:<52} {', '.join(map(str, limits))}".rstrip())
