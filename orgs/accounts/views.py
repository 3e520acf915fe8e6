"""A person's own pages."""

from collections.abc import Iterator
from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from orgs.accounts.middleware import SSO_ORG
from orgs.models import User
from orgs.queries import Caller, Place, organizations_of, place_of


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Shows who one is, and where one belongs."""
    only_org = request.session.get(SSO_ORG)
    places = list(_places(cast("User", request.user), UUID(only_org) if only_org else None))
    return render(request, "account/home.html", {"places": places, "may_change_settings": not only_org})


def _places(person: User, only_org: UUID | None) -> Iterator[Place]:
    caller = Caller(user_id=person.id, user_email=person.email, only_org=only_org)
    for public_id in organizations_of(person.id):
        place = place_of(caller, org=public_id)
        if place:
            yield place
