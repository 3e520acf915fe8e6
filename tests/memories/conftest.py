from collections.abc import Iterator

import pytest

from tests.fakes.llm import FakeLLM
from tests.fakes.settings import use


@pytest.fixture
def llm() -> Iterator[FakeLLM]:
    """A scripted model, in place of the offline extractor."""
    with FakeLLM() as server, use(server):
        yield server
