"""A view that fails while it holds what must not leave the machine."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from loci.http.parser import body_of
from loci.http.routes import route


class Failing(APIView):
    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Request, **path: str) -> Response:
        text = body_of(request)["messages"][0]["content"]
        raise ValueError(f"cannot keep {text} of {path}")


urlpatterns = [route("v2/entities/<str:entity_type>/<path:name>/", Failing.as_view())]
