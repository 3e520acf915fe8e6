import json
from datetime import datetime
from typing import Any

import pytest

from tests.clients.server import Server
from tests.integrations.driver import Integrations, Run

REFUSAL = (
    "Top-level entity parameters frozenset({{'user_id'}}) are not supported in {}(). "
    "Use filters={{'user_id': '...'}} instead."
)
CAUSE = "the user stands beside the filters, where mem0ai refuses it from 2.0 on"
CITY_QUESTION = "Which city does this person live in?"


def texts_of(memories: list[dict[str, Any]]) -> list[str]:
    return [memory["memory"] for memory in memories]


def test_agno_keeps_the_memories_of_a_user(integrations: Integrations, server: Server) -> None:
    run = integrations.python("agno", "mem0ai-1", server)

    answers = {step: json.loads(answer) for step, answer in run.steps.items() if answer.startswith(("{", "["))}
    assert set(answers["Mem0Tools.add_memory"]) == {"results", "relations"}
    [memory] = answers["Mem0Tools.get_all_memories"]
    [hit] = answers["Mem0Tools.search_memory"]
    assert [memory["memory"], memory["user_id"]] == ["Lives in Lisbon", run.user]
    assert hit["id"] == memory["id"]
    assert 0 < hit["score"] < 1
    assert run.steps["Mem0Tools.delete_all_memories"] == agno_deleted(run)


def test_agno_only_adds_and_deletes_with_a_client_from_2_0_on(integrations: Integrations, server: Server) -> None:
    run = integrations.python("agno", "mem0ai-2", server)

    assert json.loads(run.steps["Mem0Tools.add_memory"])["event_id"]
    assert run.steps["Mem0Tools.delete_all_memories"] == agno_deleted(run)
    run.cannot("Mem0Tools.get_all_memories", answer=REFUSAL.format("get_all"), cause=CAUSE)
    run.cannot("Mem0Tools.search_memory", answer=REFUSAL.format("search"), cause=CAUSE)


def agno_deleted(run: Run) -> str:
    return f"Successfully deleted all memories for user_id: {run.user}. 0 are left."


def test_autogen_fills_the_context_of_a_model(integrations: Integrations, server: Server) -> None:
    run = integrations.python("autogen_ext", "mem0ai-1", server)

    [hit] = run.steps["Mem0Memory.query"]
    assert hit["content"] == "Lives in Lisbon"
    assert hit["metadata"]["source"] == "chat"
    assert 0 < hit["metadata"]["score"] < 1
    # The integration leaves out what it cannot parse.
    assert all(datetime.fromisoformat(hit["metadata"][name]).tzinfo for name in ("created_at", "updated_at"))
    assert run.steps["Mem0Memory.update_context"] == [CITY_QUESTION, "\nRelevant memories:\n1. Lives in Lisbon"]
    assert run.steps["Mem0Memory.clear"] == "0 are left."


def test_autogen_only_adds_and_clears_with_a_client_from_2_0_on(integrations: Integrations, server: Server) -> None:
    run = integrations.python("autogen_ext", "mem0ai-2", server)

    refused = f"Error querying mem0 memory: {REFUSAL.format('search')}"
    run.cannot("Mem0Memory.query", answer=refused, cause=CAUSE)
    run.cannot("Mem0Memory.update_context", answer=[CITY_QUESTION], cause="it makes a query")
    assert run.steps["Mem0Memory.clear"] == "0 are left."


@pytest.mark.parametrize("client", ["mem0ai-0", "mem0ai-1"])
def test_crewai_finds_what_a_crew_learned(client: str, integrations: Integrations, server: Server) -> None:
    run = integrations.python("crewai", client, server)

    [hit] = run.steps["ExternalMemory.search"]
    assert hit["memory"] == "Lives in Lisbon"
    assert hit["metadata"]["type"] == "external"
    assert hit["metadata"]["description"] == "Plan a trip"
    assert 0 < hit["score"] < 1
    assert run.steps["ExternalMemory.search above a threshold"] == []


@pytest.mark.parametrize("client", ["mem0ai-0", "mem0ai-1"])
def test_llama_index_puts_memories_before_the_history(client: str, integrations: Integrations, server: Server) -> None:
    run = integrations.python("llama_index", client, server)

    assert run.steps["Mem0Memory.from_client"] == "nothing raised"
    assert_memories_come_before_the_history(run.steps["Mem0Memory.put, Mem0Memory.get"])


def test_llama_index_must_be_given_a_client_from_2_0_on(integrations: Integrations, server: Server) -> None:
    run = integrations.python("llama_index", "mem0ai-2", server)

    assert_memories_come_before_the_history(run.steps["Mem0Memory.put, Mem0Memory.get"])
    run.cannot(
        "Mem0Memory.from_client",
        answer="TypeError: MemoryClient.__init__() got an unexpected keyword argument 'org_id'",
        cause="it gives its client an org_id, which mem0ai does not take from 2.0 on",
    )


def assert_memories_come_before_the_history(messages: list[dict[str, str]]) -> None:
    system, *history = messages
    assert system["role"] == "system"
    assert system["content"].count("Lives in Lisbon") == 1
    assert [message["content"] for message in history] == ["I live in Lisbon.", "A lovely city!"]


@pytest.mark.parametrize("client", ["mem0ai-0", "mem0ai-2"])
def test_pipecat_adds_memories_to_a_conversation(client: str, integrations: Integrations, server: Server) -> None:
    run = integrations.python("pipecat", client, server)

    # The older one adds a message without memories, too.
    assert "Lives in Lisbon" not in str(run.steps["Mem0MemoryService.process_frame of a fact"])
    question, recalled = run.steps["Mem0MemoryService.process_frame of a question"]
    assert question["content"] == "Which city do I live in?"
    assert recalled["content"] == "Based on previous conversations, I recall: \n\n1. Lives in Lisbon\n\n"
    assert set(texts_of(run.steps.get("Mem0MemoryService.get_memories", []))) <= {"Lives in Lisbon"}


def test_the_command_line_tool_has_working_commands(integrations: Integrations, server: Server) -> None:
    run = integrations.python("mem0_cli", "own-client", server)

    answers = {command: answer["data"] for command, answer in run.steps.items()}
    assert answers["status"]["connected"] is True
    assert answers["add"]
    [hit] = answers["search"]
    [memory] = answers["list"]
    assert hit["id"] == memory["id"] == answers["get"]["id"]
    assert [hit["memory"], answers["get"]["metadata"]] == ["Lives in Lisbon", {"about": "place"}]
    assert 0 < hit["score"] < 1
    assert answers["update"]["memory"] == "Lives in Porto"
    assert answers["delete"]["deleted"] is True
    assert run.steps["get after that"]["error"] == f"Resource not found: /v1/memories/{memory['id']}/"
    assert answers["event status"]["status"] == "SUCCEEDED"
    assert [result["id"] for result in answers["event status"]["results"]] == [memory["id"]]
    assert run.user in [entity["name"] for entity in answers["entity list"]]
    assert answers["entity delete"] == {"deleted": True}


def test_the_mcp_server_has_working_tools(integrations: Integrations, server: Server) -> None:
    run = integrations.python("mem0_mcp_server", "mem0ai-2", server)

    [hit] = run.steps["search_memories"]["results"]
    assert [hit["memory"], hit["metadata"], hit["user_id"]] == ["Lives in Lisbon", {"about": "place"}, run.user]
    [memory] = run.steps["get_memories"]["results"]
    assert run.steps["get_memories"]["count"] == 1
    assert run.steps["get_memory"]["id"] == memory["id"] == hit["id"]
    assert run.steps["update_memory"]["memory"] == "Lives in Porto"
    assert run.user in [entity["name"] for entity in run.steps["list_entities"]["results"]]
    assert run.steps["delete_memory"] == {"message": "Memory deleted successfully!"}
    assert run.steps["get_memory after that"]["error"] == "Memory not found!"
    assert run.steps["delete_all_memories"]["message"]
    assert run.steps["delete_entities"]["message"]


def test_haystack_finds_memories_by_meaning_and_by_metadata(integrations: Integrations, server: Server) -> None:
    run = integrations.python("mem0_haystack", "mem0ai-2", server)

    [added] = run.steps["Mem0MemoryStore.add_memories"]
    [hit] = run.steps["Mem0MemoryStore.search_memories"]
    [by_metadata] = run.steps["Mem0MemoryStore.search_memories by metadata"]
    everything = run.steps["Mem0MemoryStore.search_memories without a query"]
    assert added["memory"] == "Prefers aisle seats"
    assert hit["text"] == "Lives in Lisbon"
    assert hit["meta"]["mem0"]["user_id"] == run.user
    assert 0 < hit["meta"]["mem0"]["score"] < 1
    assert set(hit["meta"]["mem0"]["score_breakdown"]) >= {"semantic", "bm25", "entity"}
    assert by_metadata["meta"]["about"] == "travel"
    assert by_metadata["meta"]["mem0"]["memory_id"] == added["memory_id"]
    assert {message["text"] for message in everything} == {"Lives in Lisbon", "Prefers aisle seats"}


def test_strands_finds_what_it_stored(integrations: Integrations, server: Server) -> None:
    run = integrations.python("mem0_strands", "mem0ai-2", server)

    [added] = run.steps["Mem0MemoryStore.add"]["results"]
    [hit] = run.steps["Mem0MemoryStore.search"]
    [best] = run.steps["Mem0MemoryStore.search for one"]
    assert hit["content"] == "Lives in Lisbon"
    assert hit["metadata"]["user_id"] == run.user
    assert 0 < hit["metadata"]["score"] < 1
    assert [best["metadata"]["id"], best["content"]] == [added["id"], "Prefers aisle seats"]
    assert best["metadata"]["source"] == "strands"
