"""Programs that a start runs: how they are launched, and how those of a killed supervisor are found and ended."""

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

import psutil

from loci.local.account import Account

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """One program of the embedded start.

    `stop_signal` asks it to end, and is also what it gets (on Linux) when its supervisor dies. A store (`is_store`) is
    stopped after everything else. `before_start` runs before each start, restarts included. One that has an `every`
    may end: so many seconds after that it is started again.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path = Path("/")
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    is_store: bool = False
    every: float = 0.0
    before_start: Callable[[], None] = field(default=lambda: None)


def launch(program: Program, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
    """Starts `program` in a process group of its own, both of its streams going to `output`.

    Call it from a thread that lives as long as the program may: the kernel ends the program with that thread.
    """
    program.before_start()
    account = program.account
    return subprocess.Popen(  # noqa: S603 - the callers' own programs
        list(program.argv),
        cwd=program.cwd,
        env=dict(program.env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        process_group=0,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=partial(_end_with_parent, os.getpid(), program.stop_signal),  # noqa: PLW1509 - one system call, no lock
    )


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Sends `number` to every process of the group that `process` leads; an empty group is no error."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies.
        return


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Polls `condition` until it holds; says whether it did within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def working_in(folder: Path, name: str) -> list[psutil.Process]:
    """Returns the processes called `name` whose working directory is `folder`: a server's own way to mark its data."""
    processes = psutil.process_iter(["name", "cwd"])
    return [p for p in processes if p.info["name"] == name and p.info["cwd"] == str(folder.resolve())]


def marked(variable: str, value: str) -> list[psutil.Process]:
    """Returns the processes, except this one, that were started with `variable` set to `value` in the environment."""
    processes = psutil.process_iter(["environ"])
    return [p for p in processes if p.pid != os.getpid() and (p.info["environ"] or {}).get(variable) == value]


def end(processes: Iterable[psutil.Process], number: signal.Signals, grace_s: float) -> None:
    """Asks `processes` to end by `number`, and kills those that still run after `grace_s` seconds."""
    asked = list(processes)
    for process in asked:
        _send(process, number)
    wait_for(lambda: not any(map(is_alive, asked)), grace_s)
    for process in filter(is_alive, asked):
        _send(process, signal.SIGKILL)
    wait_for(lambda: not any(map(is_alive, asked)), grace_s)


def is_alive(process: psutil.Process) -> bool:
    """Says whether `process` still runs; one that ended and that its parent never asked about does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def free_port() -> int:
    """Returns a TCP port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(host: str, port: int) -> bool:
    """Says whether a server could listen on `port` of `host` now; raises `OSError` for an address that is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
    return True


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _end_with_parent(parent: int, number: int) -> None:
    """Runs in the child between fork and exec."""
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os._exit(1)
