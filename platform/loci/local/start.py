"""`make up`: everything of a one-command start, in order (design.md §6)."""

import errno
import http.client
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from loci.env import env, env_int
from loci.local import postgres, processes, stores, valkey
from loci.local.console import Console
from loci.local.errors import StartError
from loci.local.home import Home
from loci.local.programs import Program, end, marked, port_is_free
from loci.local.supervisor import StopRequested, Supervisor
from loci.local.welcome import welcome

READY_S = 60.0


@dataclass(frozen=True)
class Address:
    """Where the API listens (`LOCI_HOST`, `LOCI_PORT`) and what its URL is for others (`LOCI_BASE_URL`)."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return env("LOCI_BASE_URL", f"http://localhost:{self.port}").rstrip("/")


def up(home_path: Path, console: Console) -> None:
    """Starts everything of `home_path` and watches over it until Ctrl-C or SIGTERM, which ends everything within 10 s.

    Raises `StartError` when the start cannot go on; nothing of it runs any more then.
    """
    address = Address(env("LOCI_HOST", "127.0.0.1"), env_int("LOCI_PORT", 8000))
    home = Home(home_path)
    home.open()
    with home.locked():
        end(marked(processes.MARK, str(home.path)), signal.SIGTERM, grace_s=2)
        _check_port(address)
        supervisor = Supervisor(console)
        with supervisor.signals():
            try:
                _start(supervisor, home, address, console)
                supervisor.watch()
            except StopRequested:
                pass
            console.say("stopping")
    console.say("stopped")


def sentence(error: OSError) -> str:
    """Returns what a person should know of an `OSError` that stopped the start."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "The disk is full: make room and start again."
    return f"{error.filename or 'The start'} failed: {error.strerror or error}."


def _start(supervisor: Supervisor, home: Home, address: Address, console: Console) -> None:
    for name in ["LOCI_SECRET_KEY", "LOCI_KEY_PEPPER", "LOCI_MASTER_KEY"]:
        if not env(name):
            home.own_secret(name)
    administration = _start_stores(supervisor, home)
    environment = processes.environment(home)
    had_credentials = _written(home.credentials)
    arguments, password = administration or ([], {})
    arguments += ["--credentials", str(home.credentials), "--host", address.url]
    _run(supervisor, processes.command("prepare", *arguments, env=environment | password))
    for program in processes.services(address.host, address.port, environment):
        supervisor.start(program)
    if not supervisor.wait_ready(lambda: _answers(address), READY_S):
        console.say(f"{address.url}/readyz does not answer 200 yet; the lines above say why")
    console.plain(welcome(address.url, home, is_first=_written(home.credentials) != had_credentials))
    supervisor.start(processes.maintenance(environment))  # At last, since nobody waits for it.


def _start_stores(supervisor: Supervisor, home: Home) -> tuple[list[str], dict[str, str]] | None:
    """Returns the arguments and environment with which `provision` reaches the embedded Postgres, if there is one."""
    database, queue = stores.embedded_postgres(home), stores.embedded_valkey(home)
    if database:
        database.prepare()
        stores.keep_postgres_urls(home, database)
        supervisor.start(database.program())
    if queue:
        queue.prepare()
        home.keep_secret("REDIS_URL", queue.url)
        supervisor.start(queue.program())
        _await(supervisor, "valkey", queue.is_ready, valkey.START_S)
    if not database:
        return None
    _await(supervisor, "postgres", database.is_ready, postgres.START_S)
    url = f"postgresql://postgres@127.0.0.1:{database.port}/postgres"
    return ["--admin-url", url], {"PGPASSWORD": database.password}  # Arguments are shown to every user of the machine.


def _await(supervisor: Supervisor, name: str, is_ready: Callable[[], bool], seconds: float) -> None:
    if not supervisor.wait_ready(is_ready, seconds, needs=name):
        raise StartError(f"{name} did not get ready within {seconds:g} s; its lines above say why.")


def _run(supervisor: Supervisor, program: Program) -> None:
    if status := supervisor.run(program):
        raise StartError(f"`manage.py {program.name}` failed with status {status}; its lines above say why.")


def _check_port(address: Address) -> None:
    try:
        free = port_is_free(address.host, address.port)
    except (OSError, OverflowError) as error:
        raise StartError(
            f"LOCI_HOST {address.host} and LOCI_PORT {address.port} are no address of this machine."
        ) from error
    if not free:
        raise StartError(
            f"Port {address.port} of {address.host} is taken: end what listens there, or set LOCI_PORT to another one."
        )


def _answers(address: Address) -> bool:
    connection = http.client.HTTPConnection(address.host, address.port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _written(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0
