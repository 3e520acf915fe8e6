"""What a SAML provider, or who sets one up, asks of this server."""

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login, render_authentication_error
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.provider import ProviderException
from allauth.socialaccount.sessions import LoginSession
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from orgs.sso.saml.protocol import metadata_of, read_response
from orgs.sso.saml.provider import SamlProvider

MAX_RESPONSE_CHARS = 256 * 1024
WAITS_S = 300


@csrf_exempt  # It comes from the provider's page; the session that asked for it is looked for in `finish`.
@require_POST
def acs(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Takes an answer, and hands it to `finish`: browsers send no session with another site's form.

    Only what the provider signed is kept until then.
    """
    provider = _provider_or_404(request, provider_id)
    response = request.POST.get("SAMLResponse", "")
    if not 0 < len(response) <= MAX_RESPONSE_CHARS:
        return HttpResponseBadRequest()
    try:
        read_response(provider.app, response)
    except ProviderException as error:
        return render_authentication_error(request, provider, exception=error)
    waiting = _waiting(request)
    waiting.store["response"] = response
    waiting.store.set_expiry(WAITS_S)
    answer = HttpResponseRedirect(reverse("saml_finish", args=[provider_id]))
    waiting.save(answer)
    return answer


@require_GET
def finish(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Logs in by the answer that `acs` took; `orgs.sso.adapter` decides whom."""
    provider = _provider_or_404(request, provider_id)
    waiting = _waiting(request)
    response = waiting.store.get("response", "")
    waiting.delete()
    try:
        login = _login_of(request, provider, response)
    except (ProviderException, PermissionDenied) as error:
        return render_authentication_error(request, provider, exception=error)
    return complete_social_login(request, login)


@require_GET
def metadata(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Describes this server to the provider."""
    provider = _provider_or_404(request, provider_id)
    return HttpResponse(metadata_of(provider.app), content_type="application/samlmetadata+xml")


def _login_of(request: HttpRequest, provider: SamlProvider, response: str) -> SocialLogin:
    auth = read_response(provider.app, response)
    login = provider.sociallogin_from_response(request, auth)
    # Once: an answer that is sent again finds no login that waits for it.
    login.state = provider.unstash_redirect_state(request, auth.get_last_response_in_response_to())
    return login


def _provider_or_404(request: HttpRequest, provider_id: str) -> SamlProvider:
    try:
        provider = get_adapter(request).get_provider(request, provider=provider_id)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    if not isinstance(provider, SamlProvider):
        raise Http404
    return provider


def _waiting(request: HttpRequest) -> LoginSession:
    return LoginSession(request, "saml_acs_session", "saml-acs-session")
