"""The MCP server of Mem0, over stdio, with the official client of the protocol."""

import asyncio
import json
import os
import sys
from typing import Any

from integration import USER, report, wait_until_remembered
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

SERVER = """
from integration import make_host_the_default
from mem0_mcp_server.server import main
make_host_the_default()
main()
"""


async def main() -> None:
    environment = {**os.environ, "MEM0_DEFAULT_USER_ID": USER}
    parameters = StdioServerParameters(command=sys.executable, args=["-c", SERVER], env=environment)
    async with stdio_client(parameters) as streams, ClientSession(*streams) as session:
        await session.initialize()
        report(await steps_of(session), "mem0-mcp-server", "mcp", "mem0ai")


async def steps_of(session: ClientSession) -> dict[str, Any]:
    async def tool(name: str, **arguments: Any) -> Any:
        answer = await session.call_tool(name, arguments)
        return json.loads(answer.content[0].text)

    steps: dict[str, Any] = {"tools": sorted(tool.name for tool in (await session.list_tools()).tools)}
    steps["add_memory"] = await tool("add_memory", text="I live in Lisbon.", metadata={"about": "place"})
    wait_until_remembered()
    steps["search_memories"] = await tool("search_memories", query="Which city does this person live in?", limit=3)
    place = {"metadata": {"about": "place"}}
    steps["get_memories"] = await tool("get_memories", filters=place, page=1, page_size=10)
    memory_id = steps["get_memories"]["results"][0]["id"]
    steps["get_memory"] = await tool("get_memory", memory_id=memory_id)
    steps["update_memory"] = await tool("update_memory", memory_id=memory_id, text="Lives in Porto")
    steps["list_entities"] = await tool("list_entities")
    steps["delete_memory"] = await tool("delete_memory", memory_id=memory_id)
    steps["get_memory after that"] = await tool("get_memory", memory_id=memory_id)
    steps["delete_all_memories"] = await tool("delete_all_memories")
    steps["delete_entities"] = await tool("delete_entities", user_id=USER)
    return steps


asyncio.run(main())
