"""Third-party integrations, each in a process and an environment of its own."""

import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loci.env import ROOT
from tests.clients.server import Server

ENVIRONMENTS = ROOT / ".cache" / "integrations"
HERE = Path(__file__).parent
TIMEOUT_S = 300
SILENCE = {
    "MEM0_TELEMETRY": "false",
    "AGNO_TELEMETRY": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "CREWAI_DISABLE_TELEMETRY": "true",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "OTEL_SDK_DISABLED": "true",
    "HF_HUB_OFFLINE": "1",
    # Whatever still wants to leave this machine fails at once.
    "HTTPS_PROXY": "http://127.0.0.1:9",
}


@dataclass
class Run:
    """What one integration did against the server: `steps` has what each of its calls gave, as JSON."""

    name: str
    test: str
    user: str
    """The user whom the integration was about: nobody else's memories may be found."""
    versions: dict[str, str] = field(default_factory=dict)
    steps: dict[str, Any] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """The steps that cannot work with any server, and why."""
    seconds: float = 0.0

    def cannot(self, step: str, *, answer: Any, cause: str) -> None:
        """Asserts that a step still fails, with exactly this answer, for an upstream cause; the table shows both."""
        assert self.steps[step] == answer
        self.failures[step] = f"{answer!r} ({cause})"


class Integrations:
    """Runs the scripts of this folder against a server, and keeps what they did for the table."""

    def __init__(self) -> None:
        self.runs: list[Run] = []

    def python(self, name: str, client: str, server: Server) -> Run:
        """Runs `NAME/run.py` in the environment of `NAME/CLIENT.lock`. Raises `AssertionError` if it fails."""
        python = ENVIRONMENTS / name / client / "bin" / "python"
        return self._run(f"{name}, {client}", [str(python), str(HERE / name / "run.py")], server)

    def javascript(self, name: str, server: Server, *args: str) -> Run:
        """Runs `js/NAME.mjs` with these arguments. Raises `AssertionError` if it fails."""
        return self._run(" ".join([name, *args]), ["node", str(HERE / "js" / f"{name}.mjs"), *args], server)

    def _run(self, name: str, command: list[str], server: Server) -> Run:
        test, _, _ = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")
        run = Run(name, test, user=f"alice of {name}")
        self.runs.append(run)
        folder = server.folder / name
        folder.mkdir()
        started = time.monotonic()
        done = subprocess.run(
            command,
            cwd=folder,
            env=_environment(server, folder, run.user),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        run.seconds = time.monotonic() - started
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout.splitlines()[-1])
        run.versions, run.steps = report["versions"], report["steps"]
        return run


def _environment(server: Server, folder: Path, user: str) -> dict[str, str]:
    return SILENCE | {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(HERE / "python"),
        "HOME": str(folder),
        "MEM0_DIR": str(folder / "mem0"),
        "MEM0_API_KEY": server.api_key,
        "LOCI_HOST": server.host,
        "LOCI_USER": user,
        "OPENAI_API_KEY": "never used",  # Some do not start without one.
    }
