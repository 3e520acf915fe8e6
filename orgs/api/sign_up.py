"""Signing up from a command line (contract.md §13.1). Errors say why in `error`."""

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_serializer,
)
from limits import parse
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from billing.counting import Window, counter
from billing.throttling import AddressThrottle
from loci.http.addresses import client_address
from loci.http.aliases import normalise
from loci.http.parser import body_of
from loci.http.renderer import moment
from loci.tenancy.context import Tenant
from orgs.accounts.emails import own_email
from orgs.api.base import ApiView
from orgs.api.serializers.organizations import Done, example
from orgs.models import canonical_email
from orgs.queries import Caller, Place
from orgs.services.agent_mode import begin_agent, claim_agent, name_agent
from orgs.services.sign_up import refused, send_code, sign_in

CODES_TO_ONE_EMAIL = parse("5/hour")
MAX_CALLED = 64
SENT = "If this email can be used here, a code is on its way to it."
CLAIM = "mem0 init --email <your-email>"
NOTICE = f"Nobody owns this account yet. To claim it: {CLAIM}"
ENOUGH = "You do not have permission to make more accounts from this address today: the limit is 5 a day."
TAKEN = "The email owns an agent's account already, or somebody signed up with it at the same moment."
ONLY_KEYS = "Call with the API key that is to be named."

_SIGNED_IN = {"api_key": "loci_sk_…", "org_id": "org_…", "project_id": "proj_…", "user_email": "a@b.example"}
_CLAIMED = {"claimed": True, "claimed_at": "2026-01-15T10:30:00.000000+00:00"}


class EmailField(serializers.CharField):
    """An email in any spelling."""

    def __init__(self) -> None:
        super().__init__(max_length=320, help_text="Spellings that differ by case or Unicode form are one email.")

    def to_internal_value(self, data: Any) -> str:
        """Returns its canonical form."""
        try:
            return own_email(super().to_internal_value(data))
        except ValidationError as error:
            raise serializers.ValidationError(error.messages) from error


@extend_schema_serializer(examples=[example({"email": "alex@example.com"})])
class EmailCodeRequest(serializers.Serializer[Any]):
    """Whose mailbox gets the code."""

    email = EmailField()


@extend_schema_serializer(examples=[example({"email": "alex@example.com", "code": "123456"})])
class EmailCodeInput(EmailCodeRequest):
    """A code that was mailed."""

    code = serializers.CharField(max_length=16, help_text="The newest that was mailed, within 10 minutes.")
    agent_mode_api_key = serializers.CharField(
        max_length=200, required=False, help_text="The key of an agent's account that this email is to own."
    )


@extend_schema_serializer(examples=[example({"agent_caller": "claude-code"})])
class AgentModeInput(serializers.Serializer[Any]):
    """What a program says of itself."""

    agent_caller = serializers.CharField(
        max_length=MAX_CALLED, required=False, help_text="What the program calls itself; it names the API key."
    )


@extend_schema_serializer(examples=[example({"agent_caller": "claude-code"})])
class AgentCaller(serializers.Serializer[Any]):
    """What a program calls itself."""

    agent_caller = serializers.CharField(
        max_length=MAX_CALLED, help_text="What the program calls itself; it names the API key."
    )


class SignedIn(serializers.Serializer[Any]):
    """A new API key, and where it is of."""

    api_key = serializers.CharField(help_text="It is shown now and never again.")
    org_id = serializers.CharField()
    project_id = serializers.CharField()
    user_email = serializers.EmailField()


class Claimed(serializers.Serializer[Any]):
    """An agent's account that is the person's from now on; its API key stays as it is."""

    claimed = serializers.BooleanField()
    claimed_at = serializers.DateTimeField()


SIGNED_IN_OR_CLAIMED = OpenApiResponse(
    PolymorphicProxySerializer(
        component_name="SignedInOrClaimed",
        serializers=[SignedIn, Claimed],
        resource_type_field_name=None,
        many=False,
    ),
    examples=[OpenApiExample("Signed in", value=_SIGNED_IN), OpenApiExample("Claimed", value=_CLAIMED)],
)


@extend_schema_serializer(
    examples=[
        example(
            {
                "api_key": "loci_sk_…",
                "default_user_id": "agent-k3v9q2",
                "mem0_notice": NOTICE,
                "claim_command": CLAIM,
            }
        )
    ]
)
class BegunAgent(serializers.Serializer[Any]):
    """A program's own account."""

    api_key = serializers.CharField(help_text="It is shown now and never again.")
    default_user_id = serializers.CharField(help_text="A user under whom the program may keep its memories.")
    mem0_notice = serializers.CharField()
    claim_command = serializers.CharField()


class EmailThrottle(BaseThrottle):
    """Answers 429 to more than five codes an hour for one email, from wherever."""

    window: Window | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Counts the request and tells whether it may go on."""
        given = normalise(body_of(request), aliases={})  # As the form reads it.
        email = canonical_email(str(given.get("email", "")))
        self.window = counter(settings.REDIS_URL).count(CODES_TO_ONE_EMAIL, "email", email, is_read=False)
        return self.window is None or self.window.is_admitted

    def wait(self) -> float | None:
        """Returns the seconds after which the next code may be asked for."""
        return self.window.seconds_left if self.window else None


class OpenView(APIView):
    """For everybody; how often, the address decides."""

    authentication_classes = ()
    permission_classes = [AllowAny]
    throttle_classes: Any = [AddressThrottle]
    address_rate: ClassVar[str]

    def check_throttles(self, request: Request) -> None:
        """Counts what the view does; another method is refused, and costs the address nothing."""
        if request.method in self.allowed_methods:
            super().check_throttles(request)


class EmailCodeView(OpenView):
    """Mails codes."""

    throttle_classes = [AddressThrottle, EmailThrottle]
    address_rate = "20/hour"

    @extend_schema(
        summary="Mail a sign-in code",
        description="The answer is the same whether the email has an account. A code works once, for 10 minutes.",
        request=EmailCodeRequest,
        responses=Done,
        auth=[],
        tags=["sign-up"],
    )
    def post(self, request: Request) -> Response:
        """Answers when the mail is on its way."""
        send_code(_read(EmailCodeRequest, request)["email"])
        return Response({"message": SENT})


class VerifyCodeView(OpenView):
    """Takes codes."""

    address_rate = "60/hour"

    @extend_schema(
        summary="Sign in with a mailed code",
        description=(
            "Makes an API key of the person's default project; who has no account gets one, with an organization and a"
            " project. With `agent_mode_api_key`, the person takes over that agent's account instead."
        ),
        request=EmailCodeInput,
        responses={200: SIGNED_IN_OR_CLAIMED, 409: OpenApiResponse(description=TAKEN)},
        auth=[],
        tags=["sign-up"],
    )
    def post(self, request: Request) -> Response:
        """Answers with the key, or with when the agent was claimed."""
        given, address = _read(EmailCodeInput, request), client_address(request._request)
        if "agent_mode_api_key" in given:
            at = claim_agent(given["email"], given["code"], given["agent_mode_api_key"], address)
            return Response({"claimed": True, "claimed_at": moment(at)})
        caller, key = sign_in(given["email"], given["code"], address)
        return Response(
            {
                "api_key": key.secret,
                "org_id": caller.here.org_public_id,
                "project_id": caller.here.project_public_id,
                "user_email": caller.user_email,
            }
        )


class AgentModeView(OpenView):
    """Makes accounts for programs, where the operator allows it (`LOCI_AGENT_MODE`)."""

    address_rate = "5/day"

    @extend_schema(
        summary="Sign up as an agent",
        description="Without an email, where the operator allows it; five times a day from one address, then 403.",
        request=AgentModeInput,
        responses=BegunAgent,
        auth=[],
        tags=["sign-up"],
    )
    def post(self, request: Request) -> Response:
        """Answers with the account's API key."""
        called = _read(AgentModeInput, request).get("agent_caller", "")
        agent = begin_agent(called, client_address(request._request))
        notices = {"mem0_notice": NOTICE, "claim_command": CLAIM}
        return Response({"api_key": agent.api_key, "default_user_id": agent.name, **notices})

    def throttled(self, _request: Request, _wait: float | None) -> NoReturn:
        """Answers 403, which the command line tools explain."""
        raise refused(ENOUGH, status=403)


class AgentCallerView(ApiView):
    """Lets a program say what it is."""

    scopes: ClassVar[dict[str, str]] = {"PATCH": "project:admin"}

    @property
    def tenant(self) -> Tenant:
        """Returns the organization's control project, which API keys belong to."""
        return self.caller.here.control

    def locate(self, caller: Caller) -> Place | None:
        """Returns where the key is of. Raises `DomainError` for a session, which has none."""
        if caller.key is None:
            raise refused(ONLY_KEYS, status=403)
        return caller.key.home

    @extend_schema(
        summary="Say which program calls",
        description="It becomes the name of the API key.",
        request=AgentCaller,
        responses=AgentCaller,
        tags=["sign-up"],
    )
    def patch(self, request: Request) -> HttpResponse:
        """Answers with the name."""
        called = _read(AgentCaller, request)["agent_caller"]
        return self.once(lambda: name_agent(self.caller, called), lambda _: {"agent_caller": called})


def _read(form: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    given = form(data=normalise(body_of(request), aliases={}))
    if not given.is_valid():
        name, errors = next(iter(given.errors.items()))
        raise refused(f"{name}: {errors[0]}", **given.errors)
    read: dict[str, Any] = given.validated_data
    return read
