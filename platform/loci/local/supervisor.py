"""Keeps the programs of an embedded start running: in the foreground, on one thread."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from loci.local.console import Console
from loci.local.errors import StartError
from loci.local.programs import Program, launch, signal_group

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
APPS_STOP_S = 6.0
STORES_STOP_S = 3.0
"""Together below the 10 s within which a stop ends everything."""
FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 30.0
STEADY_S = 60.0
"""Who ran this long had recovered: its next crash starts the backoff anew."""
_TICK_S = 0.1


class StopRequested(Exception):
    """A signal asked for the end."""


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    pipe: int
    started: float
    crashes: int = 0
    restart_at: float | None = None
    pending: bytes = field(default=b"")


class Supervisor:
    """Runs programs, shows their output on `console`, and starts again whoever ends unasked.

    Methods that wait raise `StopRequested` once one of `STOP_SIGNALS` arrived (see `signals`).
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._children: list[_Child] = []
        self._selector = selectors.DefaultSelector()
        self._stop_requested = False

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Takes the stop signals for this supervisor, and stops every program on the way out."""
        heard = [number for number in STOP_SIGNALS if signal.getsignal(number) != signal.SIG_IGN]  # nohup
        before = {number: signal.signal(number, self._request_stop) for number in heard}
        try:
            yield
        finally:
            self.stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def start(self, program: Program) -> None:
        """Starts `program` and keeps it running from now on, or lets it run again and again."""
        self._children.append(self._spawn(program))

    def run(self, program: Program) -> int:
        """Runs `program` once, while watching the others, and returns its exit status."""
        child = self._spawn(program)
        try:
            self._wait(lambda: child.process.poll() is not None, seconds=None)
        finally:
            signal_group(child.process, signal.SIGKILL)
            child.process.wait()
            self._close(child)
        return child.process.returncode

    def wait_ready(self, condition: Callable[[], bool], seconds: float, *, needs: str = "") -> bool:
        """Waits until `condition` holds, `seconds` at most, and says whether it does.

        Raises `StartError` if the program called `needs` ends meanwhile.
        """
        return self._wait(lambda: self._still_there(needs) and condition(), seconds)

    def watch(self) -> None:
        """Watches over the programs until a stop is asked for."""
        while not self._stop_requested:
            self._turn()

    def stop(self) -> None:
        """Ends every program within 10 s: asks, then kills; the stores last."""
        self._stop([child for child in self._children if not child.program.is_store], APPS_STOP_S)
        self._stop([child for child in self._children if child.program.is_store], STORES_STOP_S)

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop_requested = True

    def _still_there(self, name: str) -> bool:
        for child in self._children:
            if child.program.name == name and child.crashes:
                raise StartError(f"{name} did not start; its lines above say why.")
        return True

    def _wait(self, condition: Callable[[], bool], seconds: float | None) -> bool:
        deadline = None if seconds is None else time.monotonic() + seconds
        while not condition():
            if self._stop_requested:
                raise StopRequested
            if deadline and time.monotonic() > deadline:
                return False
            self._turn()
        return True

    def _turn(self) -> None:
        self._show_output(_TICK_S)
        for child in list(self._children):
            if child.restart_at is None:
                self._notice_end(child)
            elif time.monotonic() >= child.restart_at:
                self._restart(child)

    def _notice_end(self, child: _Child) -> None:
        status = child.process.poll()
        if status is None:
            return
        signal_group(child.process, signal.SIGKILL)
        self._close(child)
        if child.program.every:
            child.restart_at = time.monotonic() + child.program.every
            return
        if time.monotonic() - child.started > STEADY_S:
            child.crashes = 0
        self._plan_restart(child, _ending(status))

    def _plan_restart(self, child: _Child, why: str) -> None:
        delay = min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2**child.crashes)
        child.crashes += 1
        child.restart_at = time.monotonic() + delay
        self._console.say(f"{child.program.name} {why}; starting it again in {delay:g} s")

    def _restart(self, child: _Child) -> None:
        try:
            successor = self._spawn(child.program)
        except StartError as error:
            self._plan_restart(child, f"did not start ({error})")
            return
        successor.crashes = child.crashes
        self._children[self._children.index(child)] = successor

    def _spawn(self, program: Program) -> _Child:
        reading, writing = os.pipe()
        try:
            process = launch(program, writing)
        except OSError as error:
            os.close(reading)
            raise StartError(f"{program.name} cannot be started: {error.strerror}.") from error
        finally:
            os.close(writing)
        child = _Child(program, process, reading, time.monotonic())
        os.set_blocking(reading, False)
        self._selector.register(reading, selectors.EVENT_READ, child)
        return child

    def _show_output(self, timeout: float) -> None:
        for key, _ in self._selector.select(timeout):
            self._read(key.data)

    def _read(self, child: _Child) -> bool:
        """Shows what `child` wrote; says whether there may be more."""
        try:
            data = os.read(child.pipe, 65536)
        except BlockingIOError:
            return False
        if not data:
            self._selector.unregister(child.pipe)
            return False
        *lines, child.pending = (child.pending + data).split(b"\n")
        for line in lines:
            self._console.line(child.program.name, line.decode(errors="replace").rstrip("\r"))
        return True

    def _close(self, child: _Child) -> None:
        """Shows the rest of the output of an ended program."""
        while child.pipe in self._selector.get_map() and self._read(child):
            pass
        if child.pending:
            self._console.line(child.program.name, child.pending.decode(errors="replace"))
        if child.pipe in self._selector.get_map():
            self._selector.unregister(child.pipe)
        os.close(child.pipe)

    def _stop(self, children: list[_Child], seconds: float) -> None:
        running = [child for child in children if child.restart_at is None]
        for child in running:
            child.process.send_signal(child.program.stop_signal)
        deadline = time.monotonic() + seconds
        while any(child.process.poll() is None for child in running) and time.monotonic() < deadline:
            self._show_output(_TICK_S)
        for child in running:
            if child.process.poll() is None:
                self._console.say(f"{child.program.name} did not stop within {seconds:g} s and is killed")
            signal_group(child.process, signal.SIGKILL)
            child.process.wait()
            self._close(child)
        self._children = [child for child in self._children if child not in children]


def _ending(status: int) -> str:
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
