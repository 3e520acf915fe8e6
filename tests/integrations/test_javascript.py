import pytest

from tests.clients.server import Server
from tests.integrations.driver import Integrations


def test_langchain_loads_memories_into_a_prompt(integrations: Integrations, server: Server) -> None:
    run = integrations.javascript("langchain_community", server)

    for step in ("Mem0Memory.loadMemoryVariables of a question", "Mem0Memory.loadMemoryVariables of nothing"):
        assert run.steps[step].endswith("The MEMORIES of the USER are: \n\n\nLives in Lisbon")
    assert run.steps["Mem0Memory.loadMemoryVariables as messages"] == [["system", "Lives in Lisbon"]]


@pytest.mark.parametrize("generation", ["2", "3"])
def test_the_ai_sdk_provider_finds_what_it_added(generation: str, integrations: Integrations, server: Server) -> None:
    run = integrations.javascript("vercel_ai_provider", server, generation)

    assert run.steps["addMemories"]
    assert run.steps["retrieveMemories"].rstrip().endswith("Memory: Lives in Lisbon")
    [memory] = run.steps["getMemories"]
    assert [memory["memory"], memory["user_id"]] == ["Lives in Lisbon", run.user]
    assert [found["id"] for found in run.steps["searchMemories"]["results"]] == [memory["id"]]
