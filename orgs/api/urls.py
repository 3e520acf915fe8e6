"""The addresses of the control plane."""

from loci.http.routes import route
from orgs.api.views import PingView

urlpatterns = [
    route("v1/ping/", PingView.as_view(), name="ping"),
]
