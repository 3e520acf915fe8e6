"""The addresses of people's pages."""

from django.urls import include, path

from loci.http.routes import route
from orgs.accounts import invitations, views

urlpatterns = [
    route("account/", views.home, name="account_home"),
    route("account/invitations/<str:token>/", invitations.show, name="account_invitation"),
    path("account/", include("orgs.sso.urls")),  # Before allauth, one of whose pages it replaces.
    path("account/", include("allauth.urls")),
]
