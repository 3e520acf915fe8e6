"""All addresses of this server: the API of each app, its reference page, and what operators ask."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerView

from loci.http.routes import route
from loci.observability import views as observability


@require_safe
def root(_request: HttpRequest) -> HttpResponse:
    """Names the product, for whoever opens the host in a browser."""
    about = {"name": settings.SPECTACULAR_SETTINGS["TITLE"], "version": settings.SPECTACULAR_SETTINGS["VERSION"]}
    return JsonResponse({**about, "docs": f"{settings.BASE_URL}/docs"})


urlpatterns = [
    route("", root),
    route("healthz/", observability.healthz),
    route("readyz/", observability.readyz),
    route("metrics/", observability.show_metrics),
    route("openapi.json", SpectacularJSONAPIView.as_view()),
    route("docs/", SpectacularSwaggerView.as_view(url="/openapi.json")),
    path("", include("orgs.accounts.urls")),
    path("", include("orgs.api.urls")),
    path("", include("memories.api.urls")),
    path("", include("webhooks.api.urls")),
]
