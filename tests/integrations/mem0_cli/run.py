"""The command line tool of Mem0, which has a client of its own. With --json each command prints one JSON object."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from integration import HOST, USER, report, wait_until_remembered

MEM0 = Path(sys.executable).parent / "mem0"


def mem0(*arguments: str) -> Any:
    done = subprocess.run([MEM0, "--json", *arguments, "--base-url", HOST], stdout=subprocess.PIPE, check=False)
    return json.loads(done.stdout)


steps = {
    "status": mem0("status"),
    "add": mem0("add", "I live in Lisbon.", "--user-id", USER, "--metadata", '{"about": "place"}'),
}
wait_until_remembered()
steps["search"] = mem0("search", "Which city does this person live in?", "--user-id", USER)
steps["list"] = mem0("list", "--user-id", USER, "--after", "2020-01-01")
steps["event list"] = mem0("event", "list")
newest_add = next(event["id"] for event in steps["event list"]["data"] if event["event_type"] == "ADD")
steps["event status"] = mem0("event", "status", newest_add)

memory_id = steps["list"]["data"][0]["id"]
steps["get"] = mem0("get", memory_id)
steps["update"] = mem0("update", memory_id, "Lives in Porto")
steps["delete"] = mem0("delete", memory_id, "--force")
steps["get after that"] = mem0("get", memory_id)
steps["entity list"] = mem0("entity", "list", "users")
steps["entity delete"] = mem0("entity", "delete", "--user-id", USER, "--force")
report(steps, "mem0-cli")
