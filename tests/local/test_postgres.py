import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from loci.local.account import service_account
from loci.local.errors import StartError
from loci.local.postgres import Postgres
from loci.local.programs import is_alive, wait_for

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")
FAST = {"fsync": "off"}


@pytest.fixture
def postgres(folder: Path) -> Iterator[Postgres]:
    server = Postgres(folder / "postgres", settings=FAST)
    yield server
    server.stop("immediate")


def postmaster(data_dir: Path) -> psutil.Process:
    return psutil.Process(int((data_dir / "postmaster.pid").read_text().splitlines()[0]))


def query(server: Postgres, statement: str) -> str:
    with psycopg.connect(server.admin_url()) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return str(row[0])


def test_a_new_folder_becomes_a_cluster_with_pgvector(postgres: Postgres) -> None:
    postgres.start()

    assert query(postgres, "SELECT default_version FROM pg_available_extensions WHERE name = 'vector'") >= "0.8.4"


def test_what_was_committed_survives_an_immediate_stop(postgres: Postgres) -> None:
    postgres.start()
    with psycopg.connect(postgres.admin_url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    postgres.stop("immediate")
    postgres.start()

    assert query(postgres, "SELECT answer FROM kept") == "42"


@only_root
def test_as_root_the_server_runs_as_somebody_else(postgres: Postgres) -> None:
    postgres.start()

    assert postmaster(postgres.data_dir).uids().real != 0


def test_no_password_is_among_the_arguments_or_the_environment(postgres: Postgres) -> None:
    postgres.start()
    process = postmaster(postgres.data_dir)

    assert postgres.password not in str([process.cmdline(), process.environ()])


def test_a_wrong_password_is_refused(postgres: Postgres) -> None:
    postgres.start()
    other = Postgres(postgres.data_dir, password="wrong")
    other.port = postgres.port

    with pytest.raises(StartError, match="was made with another password"):
        other.is_ready()


def test_the_log_holds_neither_statements_nor_values(postgres: Postgres) -> None:
    postgres.start()

    with psycopg.connect(postgres.admin_url()) as connection, pytest.raises(psycopg.DataError):
        connection.execute("SELECT 'the private words'::jsonb")
    with psycopg.connect(postgres.admin_url()) as connection, pytest.raises(psycopg.DataError):
        connection.execute("SELECT %s::text::integer", ["the private words"])

    assert "private" not in (postgres.data_dir / "server.log").read_text()


def test_a_server_left_by_a_killed_supervisor_is_ended_first(postgres: Postgres) -> None:
    postgres.start()
    left = postmaster(postgres.data_dir)
    successor = Postgres(postgres.data_dir, password=postgres.password, settings=FAST)

    successor.start()

    assert postmaster(postgres.data_dir).pid != left.pid
    assert query(successor, "SELECT 1") == "1"
    successor.stop("immediate")


def test_a_stale_pid_file_that_names_a_foreign_process_stops_no_start(postgres: Postgres) -> None:
    postgres.start().stop("immediate")
    account = service_account()  # Postgres itself disregards the processes of other accounts.
    with subprocess.Popen(["sleep", "60"], user=account.uid if account else None) as foreign:
        (postgres.data_dir / "postmaster.pid").write_text(f"{foreign.pid}\n{postgres.data_dir}\n0\n1\n\n\n0\n")

        postgres.start()

        assert foreign.poll() is None
        foreign.kill()


def test_a_first_start_that_was_interrupted_is_begun_again(postgres: Postgres) -> None:
    half_made = postgres.data_dir.with_name("postgres.init")
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")

    postgres.start()

    assert query(postgres, "SELECT 1") == "1"
    assert not half_made.exists()


def test_a_taken_port_becomes_another(postgres: Postgres, folder: Path) -> None:
    postgres.start()
    other = Postgres(folder / "other", port=postgres.port, settings=FAST).start()

    assert other.port != postgres.port
    other.stop("immediate")


def test_data_of_another_major_version_gets_one_clear_sentence(postgres: Postgres) -> None:
    postgres.start().stop()
    (postgres.data_dir / "PG_VERSION").write_text("15\n")

    with pytest.raises(StartError, match=r"written by Postgres 15, but this is Postgres 18: .*LOCI_HOME"):
        postgres.start()


@only_root
def test_a_folder_that_the_account_may_not_enter_gets_one_clear_sentence(postgres: Postgres, folder: Path) -> None:
    folder.chmod(0o700)

    with pytest.raises(StartError, match=r"may not enter .*chmod o\+x"):
        postgres.start()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part of it exists on Linux only")
def test_the_server_stops_when_its_supervisor_is_killed(folder: Path) -> None:
    source = (
        "import sys, time; from pathlib import Path; from loci.local.postgres import Postgres;"
        "Postgres(Path(sys.argv[1]), settings={'fsync': 'off'}).start(); print('up', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", source, str(folder / "postgres")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "platform"}) as supervisor:
        assert supervisor.stdout is not None
        supervisor.stdout.readline()
        server = postmaster(folder / "postgres")

        supervisor.send_signal(signal.SIGKILL)

        assert wait_for(lambda: not is_alive(server), 30)
