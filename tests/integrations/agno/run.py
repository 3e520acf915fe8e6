"""Agno's toolkit; its tools answer with JSON, or with a sentence, as a string."""

from agno.agent import Agent
from agno.tools.mem0 import Mem0Tools
from integration import USER, make_host_the_default, remembered, report, wait_until_remembered

make_host_the_default()
tools = Mem0Tools(user_id=USER)
agent = Agent(tools=[tools])

steps = {"Mem0Tools.add_memory": tools.add_memory(agent, "I live in Lisbon.")}
wait_until_remembered()
steps["Mem0Tools.get_all_memories"] = tools.get_all_memories(agent)
steps["Mem0Tools.search_memory"] = tools.search_memory(agent, "Which city does this person live in?")
steps["Mem0Tools.delete_all_memories"] = f"{tools.delete_all_memories(agent)} {remembered()} are left."
report(steps, "agno", "mem0ai")
