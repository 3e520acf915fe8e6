"""The view that every endpoint of a project inherits."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from loci.errors import NotFound
from loci.http.aliases import normalise
from loci.tenancy.context import Tenant
from orgs.permissions import HasScope
from orgs.queries import Caller

PROJECT_NOT_FOUND = "Organization or project not found"


class ProjectView(APIView):
    """Knows the caller's tenant, and refuses a request that names another organization or project than the key's.

    `scopes` names the scope that each method needs.
    """

    permission_classes = [IsAuthenticated, HasScope]
    scopes: ClassVar[Mapping[str, str]] = {}

    @property
    def caller(self) -> Caller:
        """Returns who the request acts for."""
        return cast("Caller", self.request.user)

    @property
    def tenant(self) -> Tenant:
        """Returns the caller's project."""
        return self.caller.tenant

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticates, then checks the project that the request names: such ids can narrow, never widen."""
        super().initial(request, *args, **kwargs)
        for given in (request.query_params.dict(), request.data):
            if isinstance(given, Mapping):
                self._check_selection(normalise(given))

    def _check_selection(self, given: Mapping[str, Any]) -> None:
        own = {"org_id": self.caller.org_public_id, "project_id": self.caller.project_public_id}
        if any(given.get(name, value) != value for name, value in own.items()):
            raise NotFound(PROJECT_NOT_FOUND, body={"message": PROJECT_NOT_FOUND})
