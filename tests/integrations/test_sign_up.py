"""The official command line tools are initialised against a Loci host (contract.md §13.1)."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from loci.local.programs import wait_for
from tests.clients.server import Server, running_server
from tests.integrations.driver import ENVIRONMENTS, HERE, SILENCE

COMMANDS = {
    "PyPI": [str(ENVIRONMENTS / "mem0_cli" / "own-client" / "bin" / "mem0")],
    "npm": ["node", str(HERE / "js" / "node_modules" / "@mem0" / "cli" / "dist" / "index.js")],
}
SOON_S = 120
MAILED = re.compile(r"To: (\S+)$.*?\| (\d{6})$", re.MULTILINE | re.DOTALL)
"""In what the server writes, where mails go that have no mail server: the recipient and the code."""


@dataclass(frozen=True)
class CommandLine:
    """A command line tool with a home of its own."""

    command: list[str]
    home: Path
    server: Server

    def __call__(self, *arguments: str, succeeds: bool = True) -> Any:
        """Returns what the tool prints."""
        env = SILENCE | {"PATH": os.environ["PATH"], "HOME": str(self.home), "MEM0_BASE_URL": self.server.host}
        done = subprocess.run(
            [*self.command, *arguments], env=env, capture_output=True, text=True, timeout=SOON_S, check=False
        )
        assert (done.returncode == 0) == succeeds, done.stdout + done.stderr
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """Returns what the tool prints as data."""
        return json.loads(self("--json", *arguments))["data"]

    def prove(self, email: str, *arguments: str) -> str:
        """Asks for a code, which no terminal is there to ask for, and then comes again with it."""
        self("init", "--email", email, succeeds=False)
        return str(self("init", "--email", email, "--code", self._code(email), *arguments))

    def _code(self, email: str) -> str:
        assert wait_for(lambda: email in self._mailed(), SOON_S), f"{email} got no mail."
        return self._mailed()[email]

    def _mailed(self) -> dict[str, str]:
        return dict(MAILED.findall((self.server.folder / "output").read_text()))

    def remembers(self, fact: str) -> bool:
        return wait_for(lambda: fact in str(self.json("search", "Which city does this person live in?")), SOON_S)


@pytest.fixture(scope="module")
def open_server() -> Iterator[Server]:
    """A server on which programs may sign up."""
    with running_server(LOCI_AGENT_MODE="true") as server:
        yield server


@pytest.fixture(params=COMMANDS)
def mem0(request: pytest.FixtureRequest, open_server: Server, tmp_path: Path) -> CommandLine:
    return CommandLine(COMMANDS[request.param], tmp_path, open_server)


def test_a_person_signs_up_with_a_mailed_code(mem0: CommandLine) -> None:
    email = f"{mem0.home.name}@example.com"
    mem0.prove(email, "--user-id", "ada")
    mem0("add", "I live in Lisbon.")
    assert mem0.remembers("Lives in Lisbon")
    assert mem0.json("status")["connected"] is True


def test_an_agent_signs_up_and_a_person_claims_it(mem0: CommandLine) -> None:
    email = f"{mem0.home.name}@example.com"
    assert "Agent Mode active" in mem0("init", "--agent", "--agent-caller", "codex")
    assert "Identified as claude-code" in mem0("identify", "claude-code")
    mem0("add", "I live in Rome.")
    assert mem0.remembers("Lives in Rome")
    assert f"Agent claimed to {email}" in mem0.prove(email)
    assert mem0.remembers("Lives in Rome")
