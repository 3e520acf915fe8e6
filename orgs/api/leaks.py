"""Where anybody reports API keys that were found in public (reliability.md §2.1)."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.throttling import AddressThrottle
from loci.http.addresses import client_address
from loci.http.aliases import normalise
from loci.http.parser import body_of
from orgs.api.serializers.organizations import Done, example
from orgs.services.leaks import report_leaked_keys

MAX_KEYS = 100
MAX_KEY = 200
THANKS = "Thank you. What of it is an API key of this server no longer works."
THANKED = OpenApiResponse(Done, examples=[OpenApiExample("Example", value={"message": THANKS}, status_codes=["202"])])


@extend_schema_serializer(examples=[example({"keys": ["loci_sk_…"]})])
class ReportInput(serializers.Serializer[Any]):
    """What was found."""

    keys = serializers.ListField(
        child=serializers.CharField(max_length=MAX_KEY, allow_blank=True),
        required=False,
        max_length=MAX_KEYS,
        help_text="What looks like API keys.",
    )
    key = serializers.CharField(max_length=MAX_KEY, required=False, help_text="One, instead of a list.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuses a report of nothing."""
        if not attrs:
            raise serializers.ValidationError("keys or key is required.")
        return attrs

    def found(self) -> list[str]:
        """Returns all that was found."""
        given = self.validated_data
        return [*given.get("keys", ()), *([given["key"]] if "key" in given else [])]


class LeakReportView(APIView):
    """Takes reports from whoever has found keys: the keys themselves are all the proof that is needed."""

    authentication_classes = ()
    permission_classes = [AllowAny]
    throttle_classes = [AddressThrottle]
    address_rate: ClassVar[str] = "60/hour"

    @extend_schema(
        summary="Report leaked API keys",
        description=(
            "Revokes every API key of this server among up to 100 strings, and mails its maker and the owners of"
            " its organization. The answer is the same whatever they are. 60 reports an hour from one address."
            " Scanners find keys by `loci_(sk|rk|ak)_[0-9A-Za-z]{46}`."
        ),
        request=ReportInput,
        responses={202: THANKED},
        auth=[],
        tags=["keys"],
    )
    def post(self, request: Request) -> Response:
        """Answers 202."""
        given = ReportInput(data=normalise(body_of(request), aliases={}))
        given.is_valid(raise_exception=True)
        report_leaked_keys(given.found(), client_address(request._request))
        return Response({"message": THANKS}, status=202)
