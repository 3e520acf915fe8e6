"""The address that an organization registers at its provider of OpenID Connect."""

from loci.http.routes import route
from orgs.sso.oidc.views import callback

urlpatterns = [route("oidc/<str:provider_id>/callback/", callback, name="openid_connect_callback")]
