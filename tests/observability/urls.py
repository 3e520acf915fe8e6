"""What operators ask, without the apps."""

from loci.http.routes import route
from loci.observability import views

urlpatterns = [
    route("healthz/", views.healthz),
    route("readyz/", views.readyz),
    route("metrics/", views.show_metrics),
]
