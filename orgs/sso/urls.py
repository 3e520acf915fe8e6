"""The addresses of single sign-on, below /account/."""

from loci.http.routes import route
from orgs.sso import views

urlpatterns = [
    route("sso/", views.start, name="sso_start"),
    route("sso/<str:provider_id>/begin/", views.begin, name="sso_begin"),
    route("sso/<str:provider_id>/connect/", views.connect, name="sso_connect"),
    # In place of django-allauth's page, under its name.
    route("3rdparty/", views.connections, name="socialaccount_connections"),
    route("3rdparty/<int:identity_id>/disconnect/", views.disconnect, name="sso_disconnect"),
]
