from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from loci.local.programs import working_in
from loci.local.valkey import Valkey


@pytest.fixture
def valkey(folder: Path) -> Iterator[Valkey]:
    server = Valkey(folder / "valkey")
    yield server
    server.kill()


def process(server: Valkey) -> psutil.Process:
    return working_in(server.folder, "valkey-server")[0]


def test_what_was_written_survives_a_kill(valkey: Valkey) -> None:
    valkey.start()
    with redis.Redis.from_url(valkey.url) as client:
        client.set("kept", "yes")

    valkey.kill()
    valkey.start()

    with redis.Redis.from_url(valkey.url) as client:
        assert client.get("kept") == b"yes"
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_without_its_password_it_answers_nobody(valkey: Valkey) -> None:
    valkey.start()

    with (
        redis.Redis(port=valkey.port, retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_no_password_is_among_the_arguments(valkey: Valkey) -> None:
    valkey.start()

    assert valkey.password not in str(process(valkey).cmdline())
    assert (valkey.folder / "valkey.conf").stat().st_mode & 0o077 == 0


def test_a_server_left_by_a_killed_supervisor_is_ended_first(valkey: Valkey) -> None:
    valkey.start()
    left = process(valkey)
    successor = Valkey(valkey.folder, password=valkey.password).start()

    assert process(successor).pid != left.pid
    assert successor.is_ready()
    successor.kill()
