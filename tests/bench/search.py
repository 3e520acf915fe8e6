"""How fast searches are in large databases: `make bench-search`, or `python -m tests.bench.search --sizes 10000`.

One database grows through the sizes. At each, the searched scopes, whose rows lie among those of many projects and
users, are searched over HTTP by clients that keep their connections, under row-level security: with new questions,
which have to be embedded, and with 64 questions whose vectors the web process still knows. Beside it stand the
statements alone, and `mem0ai` as a library in a process of its own, with as many rows in the same Postgres. It embeds
new questions through a server on loopback, as it would anywhere, and the vectors of known ones it is given. It has no
model of English, which would take time, too.

The plans of each size and scope go to `.cache/bench/plans.txt`, unless --plans names another file.
"""

import argparse
import signal
from contextlib import ExitStack
from pathlib import Path

from tests.bench.peers.oss import check_installed
from tests.bench.server import ROOT, fresh_server

SIZES, SCOPES, CLIENTS = (10_000, 100_000, 1_000_000), (1_000, 5_000, 20_000, 100_000), (1, 8, 32)
PLANS = ROOT / ".cache" / "bench" / "plans.txt"


def main() -> None:
    """Measures and prints; nothing is asserted."""
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not options.without_mem0:
        check_installed()
    with ExitStack() as stack:
        server = stack.enter_context(fresh_server())
        server.start(LOG_LEVEL="WARNING", **options.settings)
        key = server.enter()
        from tests.bench import sizes

        peer = None if options.without_mem0 else stack.enter_context(sizes.peer(server))
        if not options.without_adds:
            sizes.show_adds(server)
        asked = sizes.Asked(options.sizes, options.scopes, options.clients, options.requests, options.plans)
        sizes.show_searches(server, key, asked, peer)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.bench.search")
    parser.add_argument("--sizes", type=_numbers, default=SIZES, help="memories in the database, as 10000,100000")
    parser.add_argument("--scopes", type=_numbers, default=SCOPES, help="memories of a user who is searched")
    parser.add_argument("--clients", type=_numbers, default=CLIENTS, help="how many ask at once")
    parser.add_argument("--requests", type=int, default=200, help="how often each kind of search is timed, at least")
    parser.add_argument("--set", type=_setting, action="append", default=[], dest="settings", metavar="NAME=VALUE")
    parser.add_argument("--plans", type=Path, default=PLANS, help="where the plans go")
    parser.add_argument("--without-mem0", action="store_true", help="measure Loci alone")
    parser.add_argument("--without-adds", action="store_true", help="leave out what adds take on disk, table by table")
    options = parser.parse_args()
    options.settings = dict(options.settings)
    return options


def _numbers(written: str) -> list[int]:
    return [int(number) for number in written.split(",")]


def _setting(written: str) -> tuple[str, str]:
    """A setting of the server, as WEB_THREADS=16."""
    name, equals, value = written.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{written} is not NAME=VALUE.")
    return name, value


if __name__ == "__main__":
    main()
