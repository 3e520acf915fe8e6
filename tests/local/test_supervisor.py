import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

import psutil
import pytest

from loci.local.programs import is_alive, wait_for
from loci.local.supervisor import APPS_STOP_S, STORES_STOP_S

SLEEPER = "import os, time; print('pid', os.getpid()); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"
PARENT = (
    "import subprocess, sys, time;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print('pid', child.pid)"
)


class Supervised:
    """A supervisor in a process of its own, and what it printed so far."""

    def __init__(self, process: subprocess.Popen[str], output: IO[str]) -> None:
        self.process = process
        self._output = output

    def read_until(self, pattern: str) -> re.Match[str]:
        for line in self._output:
            if match := re.search(pattern, line):
                return match
        raise AssertionError(f"the output ended without {pattern!r}")

    def next_processes(self, count: int = 1) -> list[psutil.Process]:
        """Returns the processes whose ids the programs print next, in whatever order they start."""
        return [psutil.Process(int(self.read_until(r"\| pid (\d+)$")[1])) for _ in range(count)]

    def rest(self) -> list[str]:
        return self._output.read().splitlines()


@contextmanager
def supervised(*programs: Sequence[object]) -> Iterator[Supervised]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.local.supervise", json.dumps(programs)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["platform", "."])},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield Supervised(process, process.stdout)
        finally:
            process.kill()


def test_output_is_prefixed_by_a_short_name_and_plain_without_a_terminal() -> None:
    with supervised(["web", "print('one'); print('two', end='')", False]) as supervisor:
        assert supervisor.read_until("one").string == "web        | one\n"
        assert supervisor.read_until("two").string == "web        | two\n"


def test_a_program_that_is_to_run_again_and_again_may_end_in_between() -> None:
    with supervised(["maintain", "print('ran')", False, 0.1]) as supervisor:
        lines = [supervisor.read_until("").string for _ in range(3)]
        assert lines == ["maintain   | ran\n"] * 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(number: signal.Signals) -> None:
    with supervised(["web", SLEEPER, False], ["worker", f"{PARENT}; time.sleep(60)", False]) as supervisor:
        children = supervisor.next_processes(2)
        supervisor.process.send_signal(number)

        assert supervisor.process.wait(timeout=30) == 0
        assert not any(map(is_alive, children))


def test_a_child_that_does_not_listen_is_killed_within_ten_seconds() -> None:
    assert APPS_STOP_S + STORES_STOP_S < 10
    with supervised(["web", STUBBORN, False], ["store", STUBBORN, True]) as supervisor:
        children = supervisor.next_processes(2)
        supervisor.process.send_signal(signal.SIGTERM)

        assert supervisor.process.wait(timeout=60) == 0
        assert not any(map(is_alive, children))


def test_stores_stop_after_everything_else() -> None:
    source = (
        "import signal, sys, time;"
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep({}), sys.exit(print('bye'))));"
        "print('up'); time.sleep(60)"
    )
    with supervised(["store", source.format(0), True], ["web", source.format(1), False]) as supervisor:
        supervisor.read_until("up")
        supervisor.read_until("up")
        supervisor.process.send_signal(signal.SIGTERM)

        farewells = [line.split()[0] for line in supervisor.rest() if line.endswith("bye")]
        assert farewells == ["web", "store"]


def test_a_crashed_child_is_started_again_later_and_later_and_said_so() -> None:
    with supervised(["web", "raise SystemExit(7)", False]) as supervisor:
        delays = [float(supervisor.read_until(r"web ended with status 7; .* in ([\d.]+) s")[1]) for _ in range(3)]

    assert delays == [0.5, 1, 2]


def test_a_killed_child_is_replaced_by_a_new_one() -> None:
    with supervised(["store", SLEEPER, True]) as supervisor:
        [first] = supervisor.next_processes()
        first.kill()

        supervisor.read_until("store was ended by SIGKILL; starting it again in 0.5 s")
        assert supervisor.next_processes() != [first]


def test_what_a_crashed_child_left_running_is_ended_too() -> None:
    with supervised(["worker", f"{PARENT}; raise SystemExit(1)", False]) as supervisor:
        [left] = supervisor.next_processes()

        supervisor.read_until("worker ended with status 1")
        assert wait_for(lambda: not is_alive(left), 30)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part of it exists on Linux only")
def test_children_end_when_their_supervisor_is_killed() -> None:
    with supervised(["web", SLEEPER, False]) as supervisor:
        [child] = supervisor.next_processes()
        supervisor.process.kill()

        assert wait_for(lambda: not is_alive(child), 30)
