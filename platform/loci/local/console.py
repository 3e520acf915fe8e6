"""What a person sees of an embedded start: every line with the short name of the program that wrote it."""

import os
from typing import TextIO
from zlib import crc32

COLOURS = {"loci": 1, "web": 36, "worker": 32, "webhooks": 35, "dispatcher": 33, "postgres": 34, "valkey": 31}
"""SGR codes; a program that is not listed takes one of these by its name."""
WIDTH = max(map(len, COLOURS))


class Console:
    """Writes prefixed lines to `stream`, in colour on a terminal unless `NO_COLOR` is set."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._colour = stream.isatty() and "NO_COLOR" not in os.environ

    def line(self, name: str, text: str) -> None:
        """Writes one line of the program `name`."""
        self.plain(f"{self._prefix(name)} {text}")

    def say(self, text: str) -> None:
        """Writes one line of the supervisor's own."""
        self.line("loci", text)

    def plain(self, text: str) -> None:
        """Writes `text` without a prefix. Output that nobody takes (a closed pipe, a full disk) stops nothing."""
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except OSError:
            return

    def _prefix(self, name: str) -> str:
        prefix = f"{name:<{WIDTH}} |"
        if not self._colour:
            return prefix
        colour = COLOURS.get(name) or sorted(COLOURS.values())[crc32(name.encode()) % len(COLOURS)]
        return f"\x1b[{colour}m{prefix}\x1b[0m"
