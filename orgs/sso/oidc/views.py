"""Where a provider of OpenID Connect sends people back to."""

from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.provider import ProviderException
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from orgs.sso.oidc.provider import OidcAdapter
from orgs.sso.waiting import place_to_wait


@require_GET
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Exchanges the code and logs in; `orgs.sso.adapter` decides whom."""
    conversation = OidcAdapter(request, provider_id)
    try:
        with place_to_wait(provider_id):
            answer: HttpResponse = OAuth2CallbackView.adapter_view(conversation)(request)
            return answer
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except ProviderException as error:  # Those of the code's exchange and later, allauth has answered.
        return render_authentication_error(request, conversation.get_provider(), exception=error)
