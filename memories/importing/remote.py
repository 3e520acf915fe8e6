"""Memories from a project of the hosted service or of another Loci, through its API (contract.md §5.8, §5.13, §6.1)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from loci.errors import DependencyError
from loci.net.json_api import JsonApi, Refused
from memories.importing.sources import PAGE, Page, Row
from memories.scope import EntityType, Scope

AT_ONCE = 4
"""Histories that are asked for at the same time."""

WITHOUT_ID = "a memory"

_ANYBODY = {"OR": [{f"{kind}_id": "*"} for kind in EntityType]}
_ALL_STATES = {"show_expired": True, "include_superseded": True}


class RemoteProject:
    """The project of an API key. `total` is known with the first page.

    What is added or deleted there meanwhile may move memories between pages: they come twice, or with the next import.
    """

    def __init__(self, api: JsonApi) -> None:
        self.total: int | None = None
        self._api = api

    def entities(self) -> Iterator[Sequence[Any]]:
        """Yields the entity objects, page by page."""
        for answer in _pages(lambda number: self._api.get("/v1/entities/", page=number)):
            yield answer["results"]

    def pages(self, only: Scope) -> Iterator[Page]:
        """Yields the memories that have all ids of `only`, newest first, expired and superseded ones too."""
        filters = {"AND": [{name: value} for name, value in only.present().items()]} if only.present() else _ANYBODY
        body = {"filters": filters, **_ALL_STATES}
        read = 0
        for answer in _pages(lambda number: self._api.post("/v3/memories/", body, page=number, page_size=PAGE)):
            read += len(answer["results"])
            self.total = count if isinstance(count := answer.get("count"), int) else None
            yield Page([_row(data) for data in answer["results"]], read)

    def histories(self, labels: Sequence[str]) -> Mapping[str, Any]:
        """Returns the history of each memory; None for one that is not there any more."""
        with ThreadPoolExecutor(AT_ONCE) as threads:
            try:
                return dict(zip(labels, threads.map(self._history, labels), strict=True))
            except BaseException:
                threads.shutdown(cancel_futures=True)  # What waits would still be asked for.
                raise

    def _history(self, memory_id: str) -> Any:
        try:
            return self._api.get(f"/v1/memories/{quote(memory_id, safe='')}/history/")
        except Refused as refused:
            if refused.status == 404:
                return None
            raise


def _pages(ask: Callable[[int], Any]) -> Iterator[Mapping[str, Any]]:
    """By number, since `next` may name an address under which others reach the source."""
    number, has_more = 1, True
    while has_more:
        answer = _page(ask, number)
        if not isinstance(answer, Mapping) or not isinstance(answer.get("results"), list):
            raise DependencyError("The service did not answer with a page of results: is the address right?")
        yield answer
        number, has_more = number + 1, bool(answer["results"] and answer.get("next"))


def _page(ask: Callable[[int], Any], number: int) -> Any:
    try:
        return ask(number)
    except Refused as refused:
        if number > 1 and refused.status == 404:
            return {"results": []}  # What was deleted meanwhile left nothing for this page.
        raise


def _row(data: Any) -> Row:
    memory_id = data.get("id") if isinstance(data, Mapping) else None
    return Row(memory_id, data) if isinstance(memory_id, str) else Row(WITHOUT_ID, problem="It has no id.")
