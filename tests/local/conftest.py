"""What the tests of the embedded start share."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the servers' account may pass through; pytest's own are closed to it when root runs the tests."""
    path = Path(tempfile.mkdtemp(prefix="loci-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)
