"""Which methods of which client the tests called, and whether that went well."""

import os
from collections.abc import Collection, Iterable, Iterator

from tests.clients.releases import RELEASES, Release
from tests.clients.untested import UPSTREAM

ABSENT, PASS, FAIL, UNTESTED, UPSTREAM_BUG = "-", "pass", "FAIL", "UNTESTED", "upstream"


class Matrix:
    """The public methods of each client and the tests that called them."""

    def __init__(self) -> None:
        self._tests: dict[Release, dict[str, set[str]]] = {}

    def has(self, release: Release, methods: Iterable[str]) -> None:
        """Notes the methods that a client has."""
        self._tests.setdefault(release, {method: set() for method in methods})

    def called(self, release: Release, method: str) -> None:
        """Notes that the running test called `method`."""
        test, _, _ = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")
        self._tests[release].get(method, set()).add(test)

    def lines(self, failed: Collection[str]) -> Iterator[str]:
        """Yields the table for people; `failed` are the ids of failed tests."""
        yield _line("", [release.language for release in RELEASES])
        yield _line("", [release.version for release in RELEASES])
        yield _line("", ["asyncio" if release.asyncio else "" for release in RELEASES])
        for method in sorted({method for tests in self._tests.values() for method in tests}):
            words = [self._word(release, method, failed) for release in RELEASES]
            yield _line(method, words, _reasons(method, words))

    def problems(self) -> Iterator[str]:
        """Yields what is wrong with the tests as a whole: a method without one."""
        for release in RELEASES:
            if release not in self._tests:
                yield f"{release} was not driven."
            for method in self._tests.get(release, {}):
                if self._word(release, method, ()) == UNTESTED:
                    yield f"{release} has {method}, which no test calls and no line of untested.py explains."

    def _word(self, release: Release, method: str, failed: Collection[str]) -> str:
        tests = self._tests.get(release, {}).get(method)
        if tests is None:
            return ABSENT
        if tests & set(failed):
            return FAIL
        if (release, method) in UPSTREAM:
            return UPSTREAM_BUG if tests else UNTESTED
        return PASS if tests else UNTESTED


def _reasons(method: str, words: Collection[str]) -> str:
    if UPSTREAM_BUG not in words:
        return ""
    errors = {error for (_, broken), error in UPSTREAM.items() if broken == method}
    return f"upstream: the client itself raises {', '.join(errors)}"


def _line(first: str, cells: Iterable[str], reasons: str = "") -> str:
    return (f"{first:24}" + "".join(f"{cell:11}" for cell in cells) + reasons).rstrip()
