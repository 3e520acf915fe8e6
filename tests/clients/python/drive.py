"""Drives an official Python client: `python drive.py MemoryClient|AsyncMemoryClient HOST`, the key in MEM0_API_KEY.

It runs in the clients' own environment. Every line, both ways, is one JSON object. The first line out says which
public methods there are; then each line in is a call and each line out its outcome:

    {"method": "get_all", "args": [], "kwargs": {"page": 1}}  ->  {"result": ...} or {"error": {"type": ..., ...}}

The method `constructor` makes one more client, and its result is what that learned.
"""

import asyncio
import inspect
import json
import operator
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import mem0  # type: ignore[import-not-found]  # installed only in the clients' own environment

Answer = dict[str, Any]


def main() -> None:
    _, name, host = sys.argv
    client = getattr(mem0, name)(host=host)
    say({"result": methods_of(client)})
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            say(outcome(runner, partial(perform, client, host, **json.loads(line))))


def methods_of(client: Any) -> list[str]:
    project = getattr(client, "project", None)  # Since 0.1.118.
    return public_functions(client) + [f"project.{name}" for name in public_functions(project)]


def public_functions(owner: Any) -> list[str]:
    return [name for name, _ in inspect.getmembers(type(owner), inspect.isfunction) if not name.startswith("_")]


def perform(client: Any, host: str, method: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if method == "constructor":
        return identity_of(type(client)(*args, **{"host": host, **kwargs}))
    return operator.attrgetter(method)(client)(*args, **kwargs)


def identity_of(client: Any) -> Answer:
    owner = getattr(client, "sync_client", client)  # Before 0.1.100 the asyncio client leaves its identity to another.
    return {"org_id": owner.org_id, "project_id": owner.project_id}


def outcome(runner: asyncio.Runner, action: Callable[[], Any]) -> Answer:
    try:
        result = action()
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
