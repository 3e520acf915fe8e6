"""The pages on which people begin a login through an identity provider, and connect one to their account."""

from collections.abc import Callable
from typing import Any, cast

from allauth.account.decorators import reauthentication_required
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.base.provider import ProviderException
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loci.http.addresses import client_address
from loci.http.pages import CONTENT_SECURITY_POLICY
from orgs.accounts.rates import rate
from orgs.models import User
from orgs.services.identity_providers import providers_of_domain
from orgs.sso import identities
from orgs.sso.forms import EmailForm
from orgs.sso.names import domain_of
from orgs.sso.sessions import await_login
from orgs.sso.waiting import place_to_wait

NO_PROVIDER = "There is no single sign-on for this email address. Sign in with your password."
NEEDS_PASSWORD = "Set a password first: without one you could not sign in any more."  # noqa: S105 - a sentence

View = Callable[..., HttpResponse]


def _with_own_password(view: View) -> View:
    """Opens a view to who has just said their own password. The middleware keeps providers' sessions out."""
    guarded: View = login_required(reauthentication_required(view))
    return guarded


@require_http_methods(["GET", "HEAD", "POST"])
@rate("sso_start")
def start(request: HttpRequest) -> HttpResponse:
    """Asks for an email, and shows the providers of the organization that has proved its domain.

    Whether anybody has that email changes nothing.
    """
    form = EmailForm(request.POST or None)
    providers: list[Any] = []
    if form.is_valid():
        providers = providers_of_domain(domain_of(form.cleaned_data["email"]))
        if not providers:
            form.add_error("email", NO_PROVIDER)
    return _leaving(render(request, "sso/start.html", {"form": form, "providers": providers}))


@require_POST
@rate("sso_begin")
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Sends the browser to the provider, to log in."""
    answer = _to_provider(request, provider_id, AuthProcess.LOGIN)
    await_login(request)
    return answer


@require_POST
@rate("sso_begin")
@_with_own_password
def connect(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Sends the browser to the provider, to connect who one is there to the account."""
    return _to_provider(request, provider_id, AuthProcess.CONNECT)


@require_safe
@login_required
def connections(request: HttpRequest) -> HttpResponse:
    """Shows by which providers a person can log in, and those that they could connect."""
    person = cast("User", request.user)
    context = {"identities": identities.identities_of(person), "providers": identities.connectable_providers(person)}
    return _leaving(render(request, "sso/connections.html", context))


@require_POST
@_with_own_password
def disconnect(request: HttpRequest, identity_id: int) -> HttpResponse:
    """Ends that the person can log in by one of them."""
    person = cast("User", request.user)
    if person.has_usable_password():
        identities.disconnect(person, identity_id, client_address(request))
    else:
        messages.error(request, NEEDS_PASSWORD)
    return redirect("socialaccount_connections")


def _to_provider(request: HttpRequest, provider_id: str, process: str) -> HttpResponse:
    try:
        provider = get_adapter(request).get_provider(request, provider=provider_id)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    try:
        with place_to_wait(provider_id):
            answer: HttpResponse = provider.redirect(request, process=process)
            return answer
    except ProviderException as error:
        return render_authentication_error(request, provider, exception=error)


def _leaving(response: HttpResponse) -> HttpResponse:
    """For pages whose form is answered with the way to a provider: browsers hold redirects to `form-action` too."""
    places = ["'self'", "https:", *(f"http://{host}" for host in settings.ALLOWED_PRIVATE_HOSTS)]
    policy = CONTENT_SECURITY_POLICY.replace("form-action 'self'", f"form-action {' '.join(places)}")
    response["Content-Security-Policy"] = policy
    return response
