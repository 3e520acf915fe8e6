"""The view that every endpoint of a project inherits."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID

from django.http import HttpResponse
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from loci.errors import NotFound
from loci.http.aliases import normalise
from loci.http.idempotency import REPLAYED, answer_once, replay_of
from loci.observability.request_log import Entry
from loci.tenancy.context import Tenant
from orgs.permissions import HasScope, method_of
from orgs.queries import Caller

ABSENT = ("null", "undefined")
"""What JavaScript writes into an address for an id that it does not have (contract.md §11)."""
PROJECT_NOT_FOUND = "Organization or project not found"

T = TypeVar("T")


class ProjectView(APIView):
    """Knows the caller's tenant, and refuses a request that names another organization or project than the key's.

    By method: `scopes` names the scope that is needed, `operations` the event type under which the request is logged,
    `rates` the rate of the plan that it counts against ("other" where it names none).
    """

    permission_classes = [IsAuthenticated, HasScope]
    scopes: ClassVar[Mapping[str, str]] = {}
    operations: ClassVar[Mapping[str, str]] = {}
    rates: ClassVar[Mapping[str, str]] = {}

    log: Entry

    @property
    def caller(self) -> Caller:
        """Returns who the request acts for."""
        return cast("Caller", self.request.user)

    @property
    def tenant(self) -> Tenant:
        """Returns the caller's project."""
        return self.caller.tenant

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
        """Authenticates and begins the request's log entry: also one that is refused then is logged."""
        super().perform_authentication(request)
        if request.user is not None:
            operation = self.operations.get(method_of(request), "")
            self.log = Entry(tenant=self.tenant, key_id=self.caller.key_id, operation=operation)
            request._request.log_entry = self.log  # type: ignore[attr-defined]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticates, then checks the project that the request names: such ids can narrow, never widen."""
        super().initial(request, *args, **kwargs)
        for given in (request.query_params.dict(), request.data):
            if isinstance(given, Mapping):
                self._check_selection(normalise(given))

    def _check_selection(self, given: Mapping[str, Any]) -> None:
        own = {
            "org_id": self.caller.org_public_id,
            "project_id": self.caller.project_public_id,
            "org_name": self.caller.org_name,
            "project_name": self.caller.project_name,
        }
        if any(given.get(name, value) not in (value, *ABSENT) for name, value in own.items()):
            raise NotFound(PROJECT_NOT_FOUND, body={"message": PROJECT_NOT_FOUND})
