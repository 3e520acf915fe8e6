"""The tables of `tests.bench.search`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.bench.clients import Run
from tests.bench.peers.oss import Race
from tests.bench.report import Latency, Limit, table

KNOWN_P95 = {1_000: 12.0, 5_000: 20.0, 20_000: 40.0, 100_000: 40.0}
"""The most milliseconds that a search without embedding should take, by the size of its scope."""
NEW, KNOWN, KNOWN_COMPLETE = "new", "known", "known, scanning on"
FAST = 1_000
"""The scope for which there are more targets."""
Row: TypeAlias = tuple[object, ...]
PEERS_SHARE = 2
"""How many times as many searches in a second as the library there should be."""


@dataclass
class Measured:
    """One scope in one size of the database. `new` and `known` questions are told by the number of clients."""

    size: int
    scope: int
    new: dict[int, Run] = field(default_factory=dict)
    known: dict[int, Run] = field(default_factory=dict)
    statements: Latency = field(default_factory=lambda: Latency([0.0]))
    races: dict[str, Race] = field(default_factory=dict)
    """Of the library, by the kind of questions."""

    def run(self, kind: str) -> Run:
        """Returns what most clients saw of the questions of a race."""
        return (self.new if kind == NEW else self.known)[max(self.new)]


def show_size(measured: Sequence[Measured]) -> None:
    """Prints what was measured in one size of the database."""
    clients = list(measured[0].new)
    rows = [
        [
            f"{each.scope:,}",
            number,
            *_run(each.new[number]),
            *_run(each.known[number]),
            f"{each.known[number].hits:.1f}",
        ]
        for each in measured
        for number in clients
    ]
    both = [f"{kind}: {what}" for kind in ("new", "known") for what in ("p50", "p95", "req/s")]
    table(
        "Searches over HTTP, ms, with new questions and with known vectors", ["scope", "clients", *both, "hits"], rows
    )
    few = min(clients)
    rows = [
        [
            f"{each.scope:,}",
            f"{each.statements.p50:.1f}",
            f"{each.statements.p95:.1f}",
            f"{each.known[few].latency.p50 / each.statements.p50:.2f}",
        ]
        for each in measured
    ]
    table("The statements alone, ms", ["scope", "p50", "p95", f"HTTP, {few} at once, known: p50 / p50"], rows)
    _show_peer(measured, max(clients))


def _show_peer(measured: Sequence[Measured], most: int) -> None:
    rows = [
        [f"{each.scope:,}", kind, *_race(race), f"{each.run(kind).per_second / race.per_second:.2f}"]
        for each in measured
        for kind, race in each.races.items()
    ]
    if rows:
        heads = [
            "scope",
            "questions",
            "p50",
            "p95",
            "searches/s",
            "results",
            f"req/s of Loci, {most} clients / searches/s",
        ]
        table(f"mem0ai in its own process, {most} threads, ms", heads, rows)


def _race(race: Race) -> list[str]:
    return [
        *(f"{milliseconds:.1f}" for milliseconds in (race.latency.p50, race.latency.p95)),
        f"{race.per_second:.0f}",
        f"{race.results:.1f}",
    ]


def show_targets(measured: Sequence[Measured]) -> None:
    """Prints how the measurements compare with what was aimed at."""
    rows = [row for each in measured for row in (*_speed(each), *_share(each))] + list(_growth(measured))
    table("Targets", ["", "measured", "", ""], [(*row, "", "")[:4] for row in rows])


def _speed(each: Measured) -> Iterator[Row]:
    if 1 not in each.new:
        return
    name = f"{each.size:,}, scope {each.scope:,}"
    new, known = each.new[1].latency, each.known[1].latency
    if each.scope == FAST:
        ratio = known.p50 / each.statements.p50
        yield f"{name}, new", new, Limit(new.p50, 15, "ms"), Limit(new.p95, 35, "ms")
        yield f"{name}, known, p50", known, Limit(known.p50, 6, "ms")
        yield f"{name}, known / statements", f"{ratio:.2f} times", Limit(ratio, 3, "times")
    if each.scope in KNOWN_P95:
        yield f"{name}, known, p95", known, Limit(known.p95, KNOWN_P95[each.scope], "ms")


def _share(each: Measured) -> Iterator[Row]:
    """How many times as many searches of the most clients there were in a second as the library's."""
    for kind, race in each.races.items():
        ratio = each.run(kind).per_second / race.per_second
        verdict = f"{'met' if ratio >= PEERS_SHARE else 'MISSED'} ({ratio:.2f}, at least {PEERS_SHARE:g} times)"
        found = f"{race.results:.1f} results against {each.run(kind).hits:.1f}"
        yield f"{each.size:,}, scope {each.scope:,}, Loci / mem0ai, {kind}", found, verdict


def _growth(measured: Sequence[Measured]) -> Iterator[Row]:
    """How much slower the same scope is in the largest database than in the smallest."""
    for scope in sorted({each.scope for each in measured}):
        of_scope = [each for each in measured if each.scope == scope]
        small, large = of_scope[0], of_scope[-1]
        few = min(small.known)
        if small.size == large.size:
            continue
        for kind, before, after in (("new", small.new, large.new), ("known", small.known, large.known)):
            ratio = after[few].latency.p50 / before[few].latency.p50
            name = f"scope {scope:,}, {kind}, p50: {large.size:,} / {small.size:,}"
            yield name, f"{ratio:.2f} times", Limit(ratio, 1.3, "times")


def _run(run: Run) -> list[str]:
    return [f"{run.latency.p50:.1f}", f"{run.latency.p95:.1f}", f"{run.per_second:.0f}"]
