"""The tables of `tests.bench.search`."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.clients import Run
from tests.bench.peers.oss import Race
from tests.bench.report import Latency, Limit, say, show, table

KNOWN_P95 = {1_000: 12.0, 5_000: 20.0, 20_000: 40.0, 100_000: 40.0}
"""The most milliseconds that a search without embedding should take, by the size of its scope."""
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
    peer_new: Race | None = None
    peer_known: Race | None = None


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
        [f"{each.scope:,}", kind, *_race(race), f"{run.per_second / race.per_second:.2f}"]
        for each in measured
        for kind, race, run in (
            ("new", each.peer_new, each.new[most]),
            ("known", each.peer_known, each.known[most]),
        )
        if race
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
    say("\nTargets")
    for each in measured:
        name = f"{each.size:,}, scope {each.scope:,}"
        if 1 in each.new:
            new, known = each.new[1].latency, each.known[1].latency
            if each.scope == 1_000:
                show(f"{name}, new", new, Limit(new.p50, 15, "ms"), Limit(new.p95, 35, "ms"))
                show(f"{name}, known", known, Limit(known.p50, 6, "ms"))
                ratio = known.p50 / each.statements.p50
                show(f"{name}, known / SQL", f"{ratio:.2f} times", Limit(ratio, 3, "times"))
            if each.scope in KNOWN_P95:
                show(f"{name}, known", known, Limit(known.p95, KNOWN_P95[each.scope], "ms"))
        _show_peers_share(name, each)
    _show_growth(measured)


def _show_peers_share(name: str, each: Measured) -> None:
    most = max(each.new)
    for kind, run, race in (("new", each.new[most], each.peer_new), ("known", each.known[most], each.peer_known)):
        if race:
            ratio = run.per_second / race.per_second
            verdict = "met" if ratio >= PEERS_SHARE else "MISSED"
            show(f"{name}, {kind}, Loci / mem0ai", f"{ratio:.2f} times", f"{verdict} (at least {PEERS_SHARE:g} times)")


def _show_growth(measured: Sequence[Measured]) -> None:
    """How much slower the same scope is in the largest database than in the smallest."""
    for scope in sorted({each.scope for each in measured}):
        of_scope = [each for each in measured if each.scope == scope]
        small, large = of_scope[0], of_scope[-1]
        few = min(small.known)
        if small is not large:
            for kind, before, after in (("new", small.new, large.new), ("known", small.known, large.known)):
                ratio = after[few].latency.p50 / before[few].latency.p50
                name = f"scope {scope:,}, {kind}: {large.size:,} / {small.size:,}"
                show(name, f"p50 {ratio:.2f} times", Limit(ratio, 1.3, "times"))


def _run(run: Run) -> list[str]:
    return [f"{run.latency.p50:.1f}", f"{run.latency.p95:.1f}", f"{run.per_second:.0f}"]
