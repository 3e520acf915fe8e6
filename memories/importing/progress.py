"""How far something long is, for people who look on."""

import time
from typing import IO

WIDTH = 30
REDRAWN_EVERY_S = 0.1


class ProgressBar:
    """One line of a terminal that is drawn over and over; where the stream is no terminal, nothing is drawn at all."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._is_shown = stream.isatty()
        self._drawn_at = 0.0

    def show(self, done: int, total: int | None, what: str) -> None:
        """Draws how much is done of `total`, or only `what`, where the total is not known."""
        now = time.monotonic()
        if not self._is_shown or now - self._drawn_at < REDRAWN_EVERY_S:
            return
        self._drawn_at = now
        self._stream.write(f"\r\x1b[K{_bar(done / total) if total else ''}{what}")
        self._stream.flush()

    def clear(self) -> None:
        """Takes the line away, so that something else can be written."""
        if self._is_shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._drawn_at = 0.0


def _bar(part: float) -> str:
    filled = round(min(part, 1) * WIDTH)
    return f"[{'#' * filled}{'.' * (WIDTH - filled)}] {min(part, 1):4.0%}  "
