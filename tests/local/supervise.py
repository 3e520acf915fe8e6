"""Runs a supervisor over small Python programs: `python -m tests.local.supervise '[["name", "source", false], ...]'`.

The third item of a program says whether it is a store; a fourth, after how many seconds it runs again.
"""

import json
import os
import sys
from pathlib import Path

from loci.local.console import Console
from loci.local.programs import Program
from loci.local.supervisor import Supervisor


def main() -> None:
    console = Console(sys.stdout)
    supervisor = Supervisor(console)
    with supervisor.signals():
        for name, source, is_store, *every in json.loads(sys.argv[1]):
            argv = [sys.executable, "-u", "-c", source]
            supervisor.start(Program(name, argv, os.environ, cwd=Path.cwd(), is_store=is_store, every=sum(every)))
        supervisor.watch()
    console.say("stopped")


if __name__ == "__main__":
    main()
