"""Which methods of which client the tests called, and whether that went well."""

import os
from collections.abc import Collection, Iterable, Iterator


class Matrix:
    """The public methods of each client and the tests that called them."""

    def __init__(self) -> None:
        self._tests: dict[str, dict[str, set[str]]] = {}

    def has(self, client: str, methods: Iterable[str]) -> None:
        """Notes the methods that a client has."""
        self._tests.setdefault(client, {method: set() for method in methods})

    def called(self, client: str, method: str) -> None:
        """Notes that the running test called `method`."""
        test, _, _ = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")
        self._tests[client].get(method, set()).add(test)

    def lines(self, failed: Collection[str]) -> Iterator[str]:
        """Yields the table for people; `failed` are the ids of failed tests."""
        clients = sorted(self._tests)
        methods = sorted({method for tests in self._tests.values() for method in tests})
        yield _line("", clients)
        for method in methods:
            yield _line(method, [_word(self._tests[client].get(method), failed) for client in clients])


def _word(tests: set[str] | None, failed: Collection[str]) -> str:
    if tests is None:
        return "-"  # This client has no such method.
    if not tests:
        return "pending"
    return "FAIL" if tests & set(failed) else "pass"


def _line(first: str, cells: Iterable[str]) -> str:
    return f"{first:26}" + "".join(f"{cell:20}" for cell in cells).rstrip()
