"""Reliability D1: fuzzing the published description gives no 5xx, and nothing that the description does not say."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from loci.env import ROOT
from tests.faults import stores
from tests.faults.processes import environment, fake_llm, running

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

SEEDS = range(1, 6)
FULL = 200
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", FULL))
"""Per operation and seed. At full size it takes half an hour."""
CONFIG = Path(__file__).with_name("schemathesis.toml")
WITH_FILTERS = ["--exclude-operation-id-regex", "^((list|search)_memories|(create|get)_an_export$|sum_up_memories$)"]
"""The grammar of filters makes 4,400 boundary values for each of these nine."""


@dataclass(frozen=True)
class Target:
    """A running server, and the environment that `st` needs for it."""

    url: str
    token: str
    env: dict[str, str]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with stores.started() as made, fake_llm() as llm_url:
        env = environment(made.environment(), llm_url, made.folder)
        key = stores.install(made, env)
        first = orjson.loads((made.folder / "credentials.json").read_bytes())
        with running(env, tmp_path_factory.mktemp("logs")) as loci:
            own = {"FUZZ_ORG_ID": first["org_id"], "FUZZ_PROJECT_ID": first["project_id"]}
            path = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")])}
            yield Target(loci.url, f"Token {key}", path | own)


def test_every_value_at_its_limits_is_answered_as_described(target: Target, tmp_path: Path) -> None:
    narrower = WITH_FILTERS if EXAMPLES < FULL else []
    fuzz(target, tmp_path, "--phases", "coverage", "--seed", str(SEEDS[0]), *narrower)


@pytest.mark.parametrize("seed", SEEDS if EXAMPLES >= FULL else SEEDS[:1])
def test_random_requests_and_what_follows_from_them_are_answered_as_described(
    target: Target, tmp_path: Path, seed: int
) -> None:
    size = ["--max-examples", str(EXAMPLES), "--seed", str(seed)]
    fuzz(target, tmp_path, "--phases", "examples,fuzzing,stateful", *size)


def fuzz(target: Target, folder: Path, *options: str) -> None:
    """Runs Schemathesis, in `folder` for what it keeps."""
    done = subprocess.run(
        [
            *[str(Path(sys.executable).with_name("st")), "--config-file", str(CONFIG), "run"],
            *[str(ROOT / "docs" / "openapi.json"), "--url", target.url, "--header", f"Authorization:{target.token}"],
            *["--mode", "all", "--no-color", *options],
        ],
        cwd=folder,
        env=target.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(done.stdout.partition("= SUMMARY =")[2])  # noqa: T201 - the figures are to be published
    assert done.returncode == 0, done.stdout
