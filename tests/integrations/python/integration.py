"""What the Python scripts here share. It runs in each integration's own environment, where `driver.py` puts it."""

import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable
from functools import partialmethod
from importlib.metadata import version
from typing import Any

HOST, API_KEY = os.environ["LOCI_HOST"], os.environ["MEM0_API_KEY"]
USER = os.environ["LOCI_USER"]
PATIENCE_S = 120


def make_host_the_default() -> None:
    """Lets `MemoryClient()` mean HOST, for integrations that make their client themselves and take no host."""
    from mem0 import MemoryClient

    MemoryClient.__init__ = partialmethod(MemoryClient.__init__, host=HOST)


def wait_until_remembered(count: int = 1) -> None:
    """Waits until so many memories of USER are there, as adds are queued; raises `TimeoutError` after `PATIENCE_S`."""
    deadline = time.monotonic() + PATIENCE_S
    while remembered() < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{remembered()} of {count} memories after {PATIENCE_S} s")
        time.sleep(0.1)


def remembered() -> int:
    """Returns how many memories of USER the server has, whatever the integration itself can find."""
    request = urllib.request.Request(
        f"{HOST}/v3/memories/",
        json.dumps({"filters": {"user_id": USER}}).encode(),
        {"Authorization": f"Token {API_KEY}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["count"]


def error_of(call: Callable[[], object]) -> str:
    """Returns the type and message of what the call raises, or "nothing raised"."""
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing raised"


def report(steps: dict[str, Any], *distributions: str) -> None:
    """Prints what each step gave and the versions of these distributions, for `driver.py`."""
    versions = {name: version(name) for name in distributions}
    sys.stdout.write("\n" + json.dumps({"versions": versions, "steps": steps}, default=str) + "\n")
    sys.stdout.flush()
