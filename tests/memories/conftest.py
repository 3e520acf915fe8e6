from collections.abc import Iterator

import pytest
from pytest_django import Settings

from loci.net import llm as calling
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.fakes.settings import use
from tests.memories.reviewing import set_project


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails is asked again at once."""
    monkeypatch.setattr(calling, "PAUSES_S", (0.0, 0.0))


@pytest.fixture
def llm() -> Iterator[FakeLLM]:
    """A scripted model, in place of the offline extractor."""
    with FakeLLM() as server, use(server):
        yield server


@pytest.fixture
def proposing(alice: Person) -> Person:
    set_project(alice, consolidation="propose")
    return alice


@pytest.fixture
def applying(alice: Person) -> Person:
    set_project(alice, consolidation="apply")
    return alice


@pytest.fixture
def eyes(llm: FakeLLM, settings: Settings) -> FakeLLM:
    """A model that sees and reads."""
    settings.VISION_MODEL = f"{settings.LLM_MODEL}-vision"
    return llm
