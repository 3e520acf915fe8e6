"""A Postgres and a Valkey that a test may crash, with an empty Loci in them."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis
from psycopg.abc import Query

from loci.local import processes, stores
from loci.local.postgres import Postgres
from loci.local.programs import Program
from loci.local.valkey import Valkey

# Not synchronous_commit: an acknowledged commit has to survive an immediate stop.
FAST = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Stores:
    """The two servers; `folder` is theirs."""

    folder: Path
    postgres: Postgres
    valkey: Valkey

    def environment(self) -> dict[str, str]:
        """Returns the settings that name these servers."""
        urls = {
            name: f"postgresql://{role}:{role}@127.0.0.1:{self.postgres.port}/{stores.DATABASE}"
            for name, role in stores.ROLES.items()
        }
        secrets = {"LOCI_SECRET_KEY": "secret", "LOCI_KEY_PEPPER": "pepper", "LOCI_MASTER_KEY": "master"}
        return {**urls, **secrets, "REDIS_URL": self.valkey.url}

    def rows(self, query: Query) -> list[tuple[Any, ...]]:
        """Returns the rows of `query` as the superuser, to whom no policy applies."""
        with psycopg.connect(self.postgres.admin_url(stores.DATABASE)) as connection:
            return connection.execute(query).fetchall()

    def crash_postgres(self) -> None:
        """Stops Postgres as a crash would, and starts it again."""
        port = self.postgres.port
        self.postgres.stop("immediate")
        self.postgres.start()
        assert self.postgres.port == port

    def lose_valkey(self) -> None:
        """Kills Valkey and starts it again without what it held."""
        port = self.valkey.port
        self.valkey.kill()
        shutil.rmtree(self.valkey.folder / "appendonlydir", ignore_errors=True)
        self.valkey.start()
        assert self.valkey.port == port

    def flush_valkey(self) -> None:
        """Makes a running Valkey forget all that it holds."""
        with redis.Redis.from_url(self.valkey.url) as client:
            client.flushall()


@contextmanager
def started() -> Iterator[Stores]:
    """Starts both servers in a folder of their own, and ends them with the block."""
    # Not pytest's own tmp_path: as root the servers run as another user, who may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="loci-faults-"))
    folder.chmod(0o755)
    made = Stores(folder, Postgres(folder / "postgres", settings=FAST), Valkey(folder / "valkey"))
    try:
        made.postgres.start()
        made.valkey.start()
        yield made
    finally:
        made.postgres.stop("immediate")
        made.valkey.kill()
        shutil.rmtree(folder, ignore_errors=True)


def install(made: Stores, env: Mapping[str, str]) -> str:
    """Provisions and migrates the empty servers as `make up` does; returns the first API key."""
    credentials = made.folder / "credentials.json"
    admin = ["--admin-url", made.postgres.admin_url()]
    first = ["--credentials", str(credentials), "--host", "http://127.0.0.1"]
    for name, arguments in [("provision", admin), ("migrate", ["--verbosity", "0"]), ("bootstrap", first)]:
        _run(processes.command(name, *arguments, env=env))
    key: str = json.loads(credentials.read_text())["api_key"]
    return key


def _run(program: Program) -> None:
    subprocess.run(list(program.argv), cwd=program.cwd, env=dict(program.env), check=True, timeout=240)
