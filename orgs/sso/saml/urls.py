"""The addresses that an organization registers at its SAML provider."""

from loci.http.routes import route
from orgs.sso.saml import views

urlpatterns = [
    route("saml/<str:provider_id>/acs/", views.acs, name="saml_acs"),
    route("saml/<str:provider_id>/acs/finish/", views.finish, name="saml_finish"),
    route("saml/<str:provider_id>/metadata/", views.metadata, name="saml_metadata"),
]
