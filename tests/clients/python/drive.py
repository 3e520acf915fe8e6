"""Drives an official Python client: `python drive.py MemoryClient|AsyncMemoryClient HOST`, the key in MEM0_API_KEY.

It runs in the clients' own environment. Every line, both ways, is one JSON object. The first line out says what the
constructor learned and which public methods there are; then each line in is a call and each line out its outcome:

    {"method": "get_all", "args": [], "kwargs": {"page": 1}}  ->  {"result": ...} or {"error": {"type": ..., ...}}
"""

import asyncio
import inspect
import json
import operator
import sys
from typing import Any

import mem0  # type: ignore[import-not-found]  # installed only in the clients' own environment

Answer = dict[str, Any]

UNIMPLEMENTED = {"chat"}
"""What the client itself only raises NotImplementedError for."""


def main() -> None:
    _, name, host = sys.argv
    try:
        client = getattr(mem0, name)(host=host)
    except Exception as error:
        say(failure(error))
        return
    say({"result": {"org_id": client.org_id, "project_id": client.project_id, "methods": methods_of(client)}})
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            say(outcome(runner, client, **json.loads(line)))


def methods_of(client: Any) -> list[str]:
    own = [name for name in public_functions(client) if name not in UNIMPLEMENTED]
    return own + [f"project.{name}" for name in public_functions(client.project)]


def public_functions(owner: Any) -> list[str]:
    return [name for name, _ in inspect.getmembers(type(owner), inspect.isfunction) if not name.startswith("_")]


def outcome(runner: asyncio.Runner, client: Any, method: str, args: list[Any], kwargs: dict[str, Any]) -> Answer:
    try:
        result = operator.attrgetter(method)(client)(*args, **kwargs)
        return {"result": runner.run(result) if inspect.iscoroutine(result) else result}
    except Exception as error:
        return failure(error)


def failure(error: Exception) -> Answer:
    details = getattr(error, "details", None)
    return {"error": {"type": type(error).__name__, "message": str(error), "details": details}}


def say(answer: Answer) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
