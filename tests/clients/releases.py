"""The releases of the official clients that the tests drive."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from loci.env import ROOT

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Release:
    """A client of one release of `mem0ai`: on PyPI, where most have a second class for asyncio, or on npm."""

    language: str
    version: str
    api: str
    """Whose lists and searches it asks for unless told otherwise: v1, v2 or v3."""
    asyncio: bool = False

    def __str__(self) -> str:
        return f"{self.language} {self.version}" + (" asyncio" if self.asyncio else "")

    @property
    def command(self) -> list[str]:
        """The command that drives it; the server's host is its last argument."""
        if self.language == "JavaScript":
            return ["node", str(HERE / "js" / "drive.mjs"), self.version]
        name = "AsyncMemoryClient" if self.asyncio else "MemoryClient"
        return [str(client_python(self.version)), str(HERE / "python" / "drive.py"), name]


def client_python(version: str) -> Path:
    """Returns the Python that has this release of the client."""
    return ROOT / ".cache" / "clients" / f"python-{version}" / "bin" / "python"


PYTHON = [
    Release("Python", version, api, asyncio)
    for version, api in [("0.1.92", "v1"), ("0.1.118", "v1"), ("1.0.11", "v2"), ("2.2.1", "v3")]
    for asyncio in (False, True)
]
JAVASCRIPT = [
    Release("JavaScript", version, api) for version, api in [("2.1.38", "v1"), ("2.4.6", "v1"), ("3.3.1", "v3")]
]
RELEASES = [*PYTHON, *JAVASCRIPT]
V1, V2, V3 = ([release for release in RELEASES if release.api == api] for api in ("v1", "v2", "v3"))


def only(releases: Iterable[Release]) -> pytest.MarkDecorator:
    """Limits a test that has a `client` to these releases."""
    return pytest.mark.parametrize("client", releases, ids=str, indirect=True)


def of_version(*versions: str) -> list[Release]:
    """Returns the clients of these versions."""
    return [release for release in RELEASES if release.version in versions]
