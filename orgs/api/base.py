"""The views that every endpoint of a project or an organization inherits."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, NoReturn, TypeVar, cast
from uuid import UUID

from django.http import HttpResponse
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from loci.errors import DomainError, NotFound
from loci.http.aliases import normalise
from loci.http.idempotency import REPLAYED, answer_once, replay_of
from loci.http.parser import body_of
from loci.observability.middleware import route_template
from loci.observability.request_log import Entry
from loci.tenancy.context import Tenant
from orgs import audit
from orgs.permissions import HasScope, IsForBoundKeys, method_of
from orgs.queries import Caller, Place, place_of

ABSENT = ("null", "undefined")
"""What JavaScript writes into an address for an id that it does not have (contract.md §11)."""
ORGANIZATION_NOT_FOUND = "Organization not found"
PROJECT_NOT_FOUND = "Organization or project not found"
FORBIDDEN = "You may not do this."
SELECTION = ("org_id", "project_id", "org_name", "project_name")
"""The names under which a request may say which organization and project it means."""
NAME_THE_PROJECT = "Name the project by its project_id: this key or session is not of one project."

T = TypeVar("T")


class ApiView(APIView, ABC):
    """Knows who calls and where, and lets in who has the scope.

    By method: `scopes` names the scope that is needed, `operations` the event type under which the request is logged,
    `rates` the rate of the plan that it counts against ("other" where it names none). `for_bound_keys` are the methods
    open to keys that are bound to one user, agent or app. `forbidden` is what a 403 says under `forbidden_key`
    (contract.md §2).
    """

    permission_classes = [IsAuthenticated, IsForBoundKeys, HasScope]
    scopes: ClassVar[Mapping[str, str]] = {}
    operations: ClassVar[Mapping[str, str]] = {}
    rates: ClassVar[Mapping[str, str]] = {}
    for_bound_keys: ClassVar[frozenset[str]] = frozenset()
    forbidden: ClassVar[str] = ""
    forbidden_key: ClassVar[str] = "message"

    log: Entry

    @property
    def caller(self) -> Caller:
        """Returns who the request acts for."""
        return cast("Caller", self.request.user)

    @property
    def tenant(self) -> Tenant:
        """Returns the project that the request acts on; of an organization's own requests, its control project."""
        return self.caller.tenant

    @abstractmethod
    def locate(self, caller: Caller) -> Place | None:
        """Returns where the request acts. Raises `NotFound` for a place that the caller may not see."""

    def selections(self) -> Iterator[dict[str, Any]]:
        """Yields what the request's address, and then its body, say of the organization and project that they mean."""
        for given in (self.request.query_params.dict(), body_of(self.request)):
            named = normalise(given)
            yield {name: named[name] for name in SELECTION if named.get(name, ABSENT[0]) not in ABSENT}

    def check_selections(self, meant: Mapping[str, str]) -> None:
        """Raises `NotFound` where the request names something else than is meant: that can narrow, never widen."""
        for named in self.selections():
            if any(named.get(name, value) != value for name, value in meant.items()):
                raise not_found(PROJECT_NOT_FOUND)

    def once(
        self,
        change: Callable[[], T],
        answer: Callable[[T], Any],
        *,
        then: Callable[[T], None] = lambda _: None,
        about: UUID | Callable[[T], UUID] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """Makes a change and answers with `status` and JSON; under a repeated `Idempotency-Key`, as it did before.

        Without a key, `change` and `answer` just run; with one they share a commit with the key, so they may contain
        SQL only. `then` follows a new change, after its commit. `about` is the memory, event or entity whose text the
        answer repeats, or tells its id of what `change` returned: deleting that empties the kept answer. Raises
        `DomainError` (409) for a key that was used with another request, and (410) when the answer was emptied.
        """
        return answer_once(
            self.request, self.tenant, change=change, answer=answer, then=then, about=about, status=status
        )

    def replay(self) -> HttpResponse | None:
        """Returns what `once` answered to this request before, for views that do much before they call it."""
        return replay_of(self.request, self.tenant)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Answers; a replay is no second event."""
        if REPLAYED in response:
            self.log.operation = ""
        return super().finalize_response(request, response, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        """Authenticates, finds out where the request acts, and begins its log entry: a refused one is logged too."""
        super().perform_authentication(request)
        caller = cast("Caller | None", request.user)
        if caller is not None:
            self._settle(request, caller.place)
            self._settle(request, self.locate(caller))

    def _settle(self, request: Request, place: Place | None) -> None:
        request.user = cast("Any", replace(self.caller, place=place))
        if place is not None:
            operation = self.operations.get(method_of(request), "")
            self.log = Entry(tenant=self.tenant, key_id=self.caller.key_id, operation=operation)
            request._request.log_entry = self.log  # type: ignore[attr-defined]

    def permission_denied(self, request: Request, message: str | None = None, code: str | None = None) -> NoReturn:
        """Refuses; where the caller is known, the organization's audit log says so."""
        if cast("Caller | None", request.user) is None:
            super().permission_denied(request, message, code)
        operation = f"{method_of(request)} {route_template(request._request)}"
        audit.note_denied(self.caller, "request.deny", operation=operation)
        words = self.forbidden or message or FORBIDDEN
        raise DomainError(words, status=403, body={self.forbidden_key: self.forbidden} if self.forbidden else None)


class ProjectView(ApiView):
    """Acts on one project: the key's own, or the one that the request names.

    A request by a project's key that names another organization or project is refused. With `needs_project = False` a
    key of an organization need not name one.
    """

    needs_project: ClassVar[bool] = True

    def locate(self, caller: Caller) -> Place | None:
        """Returns the project that the request acts on: what it names can narrow, never widen."""
        key = caller.key
        if key is not None and key.is_of_project:
            self._check_named(key.home)
            return key.home
        named = {name: value for given in self.selections() for name, value in given.items()}
        if "project_id" not in named:
            if self.needs_project or caller.place is None:
                raise DomainError(NAME_THE_PROJECT)
            return caller.place
        place = place_of(caller, org=str(named.get("org_id", "")), project=str(named["project_id"]))
        if place is None or place.is_deleted:
            raise not_found(PROJECT_NOT_FOUND)
        self._check_named(place)
        return place

    def _check_named(self, place: Place) -> None:
        own = (place.org_public_id, place.project_public_id, place.org_name, place.project_name)
        self.check_selections(dict(zip(SELECTION, own, strict=True)))


class OrganizationView(ApiView):
    """Acts on the organization in the address, `<str:org_id>`, and on its project where that has `<str:project_id>`.

    The methods in `finds_deleted` are also served where it is deleted and not yet erased.
    """

    forbidden = "Unauthorized"
    finds_deleted: ClassVar[frozenset[str]] = frozenset()

    @property
    def tenant(self) -> Tenant:
        """Returns the organization's control project."""
        return self.caller.here.control

    def locate(self, caller: Caller) -> Place | None:
        """Returns the place in the address. Raises `NotFound` for one that the caller may not see."""
        home = caller.place
        org = _named(self.kwargs["org_id"], home.org_public_id if home else "")
        project = _named(self.kwargs.get("project_id", ""), home.project_public_id if home else "")
        # Clients up to 2.x repeat the ids of the address in the query or the body.
        self.check_selections({"org_id": org} | ({"project_id": project} if project else {}))
        if home and home.org_public_id == org and project in {"", home.project_public_id}:
            return home if project else home.organization()
        place = place_of(caller, org=org, project=project)
        if place is None or (place.is_deleted and method_of(self.request) not in self.finds_deleted):
            raise not_found(PROJECT_NOT_FOUND if project else ORGANIZATION_NOT_FOUND)
        return place


def _named(given: str, own: str) -> str:
    """What the address names; `null`, as a client without ids writes it, is the key's own (contract.md §17.16)."""
    return own if own and given in ABSENT else given


def not_found(words: str) -> NotFound:
    """Returns the error that says so in the contract's words (contract.md §2)."""
    return NotFound(words, body={"message": words})
