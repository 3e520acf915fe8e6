"""The page behind an invitation's link."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from loci.errors import DomainError
from loci.http.addresses import client_address
from orgs.accounts.middleware import SSO_ORG
from orgs.accounts.people import INVITATION
from orgs.models import Invitation, User
from orgs.queries import Caller
from orgs.services.invitations import NOT_YOURS, accept_invitation, open_invitation, why_not


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Says what is offered, and who may take it; its button, a POST, takes it.

    Whoever is not signed in finds the way back here by `next`, and by the token in their session.
    """
    try:
        if request.method == "POST" and request.user.is_authenticated:
            return _accept(request, token)
        return _offer(request, token, open_invitation(token))
    except DomainError as error:
        if error.status == 403:
            return _offer(request, token, open_invitation(token), status=403)
        request.session.pop(INVITATION, None)
        return render(request, "account/invitation_gone.html", status=error.status)


def _accept(request: HttpRequest, token: str) -> HttpResponse:
    accept_invitation(_caller(request), token)
    request.session.pop(INVITATION, None)
    messages.success(request, "You accepted the invitation.")
    return redirect("account_home")


def _offer(request: HttpRequest, token: str, invitation: Invitation, status: int = 200) -> HttpResponse:
    refusal = ""
    if request.user.is_authenticated:
        refusal = why_not(_caller(request), invitation)
    else:
        request.session[INVITATION] = token
    context = {"invitation": invitation, "refusal": refusal, "is_for_another": refusal == NOT_YOURS}
    return render(request, "account/invitation.html", context, status=status)


def _caller(request: HttpRequest) -> Caller:
    person, only_org = cast("User", request.user), request.session.get(SSO_ORG)
    return Caller(
        user_id=person.id,
        user_email=person.email,
        only_org=UUID(only_org) if only_org else None,
        address=client_address(request),
    )
