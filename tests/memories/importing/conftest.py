import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loci.local.processes import services as programs
from loci.local.programs import free_port
from tests.conftest import Services
from tests.fakes.mem0 import Hosted
from tests.faults.processes import Processes, await_ready


@pytest.fixture(scope="module")
def web(services: Services, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real web process over the tests' database."""
    folder, port = tmp_path_factory.mktemp("web"), free_port()
    env = {
        **services.environment(),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DJANGO_SETTINGS_MODULE": "loci.settings",
        "LOCI_HOME": str(folder),
    }
    processes = Processes([each for each in programs("127.0.0.1", port, env) if each.name == "web"], folder)
    try:
        processes.start()
        await_ready(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        processes.stop()


@pytest.fixture
def hosted() -> Iterator[Hosted]:
    """The hosted service, with nothing in it yet."""
    with Hosted() as server:
        yield server


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Holds the key of the source."""
    return tmp_path / "key"
