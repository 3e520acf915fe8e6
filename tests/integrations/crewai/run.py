"""CrewAI's external memory in Mem0, with what the executor of a crew's agent gives it after a task."""

from crewai import Agent, Crew, Task
from crewai.memory.external.external_memory import ExternalMemory
from integration import API_KEY, USER, make_host_the_default, report, wait_until_remembered

make_host_the_default()
agent = Agent(role="Travel Guide", goal="Plan trips", backstory="Has been everywhere", llm="gpt-4o")
task = Task(description="Plan a trip", expected_output="A plan", agent=agent)
memory = ExternalMemory(embedder_config={"provider": "mem0", "config": {"user_id": USER, "api_key": API_KEY}})
memory.set_crew(Crew(agents=[agent], tasks=[task]))

text = "I live in Lisbon."
steps = {
    "ExternalMemory.save": memory.save(
        text, metadata={"description": task.description, "messages": [{"role": "user", "content": text}]}
    )
}
wait_until_remembered()
question = "Which city does this person live in?"
steps["ExternalMemory.search"] = memory.search(question, score_threshold=0.1)
steps["ExternalMemory.search above a threshold"] = memory.search(question, score_threshold=1.0)
report(steps, "crewai", "mem0ai")
