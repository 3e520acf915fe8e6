"""Adds that go in at a steady pace while one fault after the other is injected."""

import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from secrets import token_hex

CLIENTS = 8
PAUSE_BETWEEN_FAULTS_S = 1.5
MAX_TRIES = 20
LETTERS = str.maketrans("0123456789", "ghijklmnop")

Fault = Callable[[], None]
Accept = Callable[[str], bool]
"""Asks for the memory of one text; tells whether it was promised."""


def random_words() -> str:
    """Returns two words that no other text has; of letters, as long numbers could be redacted as secrets."""
    return " ".join(token_hex(8).translate(LETTERS) for _ in range(2))


@dataclass
class Drive:
    """What was promised, and how many faults there were meanwhile."""

    promised: list[str] = field(default_factory=list)
    refused: int = 0
    faults: int = 0


def drive(accept: Accept, faults: Sequence[Fault], *, count: int, seconds: float) -> Drive:
    """Gets `count` adds promised, spread over `seconds`, and injects `faults` in turn until they all are."""
    seen, begun = Drive(), time.monotonic()

    def add(number: int) -> None:
        time.sleep(max(0.0, begun + seconds * number / count - time.monotonic()))
        for attempt in range(MAX_TRIES):
            # No words in common: the texts are not near to each other, and one call of the model is enough for each.
            text = f"{number}-{attempt} {random_words()}"
            if accept(text):
                seen.promised.append(text)
                return
            seen.refused += 1
            time.sleep(0.5)
        raise AssertionError(f"Add {number} was refused {MAX_TRIES} times.")

    with ThreadPoolExecutor(CLIENTS) as clients:
        adds = [clients.submit(add, number) for number in range(count)]
        for fault in itertools.cycle(faults):
            time.sleep(PAUSE_BETWEEN_FAULTS_S)
            if all(each.done() for each in adds):
                break
            fault()
            seen.faults += 1
    for each in adds:
        each.result()
    return seen
