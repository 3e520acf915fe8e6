import re
from base64 import b64decode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from loci.tenancy.context import org_tx
from orgs.accounts.auditing import notes
from orgs.accounts.people import NewOwner, create_owner, create_person
from orgs.models import ApiKey, AuditEntry, Organization, User, canonical_email
from orgs.queries import Caller, caller_of, organizations_of
from orgs.services.api_keys import Restrictions, create_key
from orgs.services.email_codes import TRIES, new_code, take_code
from tests.conftest import Person, Services
from tests.orgs.support import member_of, with_key
from tests.workers.support import silence

CODE = "/api/v1/auth/email_code/"
VERIFY = f"{CODE}verify/"
AGENT = "/api/v1/auth/agent_mode/"
EMAIL = "ada@example.com"
PASSWORD = "a long way to tipperary"


@pytest.fixture(autouse=True)
def uncounted(database: None, services: Services) -> None:
    """Lets no request count against the next test's."""
    silence(services)


@pytest.fixture
def ada() -> NewOwner:
    """Somebody who has an account and an organization."""
    return create_owner(email=EMAIL, password=PASSWORD, organization="Engines")


def post(path: str, address: str = "192.0.2.1", **body: str) -> Any:
    client = Client(raise_request_exception=False, REMOTE_ADDR=address)
    return client.post(path, body, content_type="application/json")


def code_for(email: str) -> str:
    """Asks for a code, and returns it as it was mailed."""
    assert post(CODE, email=email).status_code == 200
    return code_in(mail.outbox[-1])


def code_in(message: Any) -> str:
    [code] = re.findall(r"^\d{6}$", message.body, re.MULTILINE)
    return str(code)


def sign_in(email: str) -> Any:
    return post(VERIFY, email=email, code=code_for(email))


def ping(key: str) -> dict[str, Any]:
    answer = with_key(key).get("/v1/ping/")
    assert answer.status_code == 200
    return dict(answer.json())


def another_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_a_new_person_gets_an_account_and_a_key() -> None:
    answer = sign_in(EMAIL).json()
    assert ping(answer["api_key"]) == {
        "status": "ok",
        "org_id": answer["org_id"],
        "project_id": answer["project_id"],
        "user_email": EMAIL,
    }
    person = User.objects.get(email=EMAIL)
    assert not person.has_usable_password()
    assert EmailAddress.objects.get(user=person).verified
    assert [message.to for message in mail.outbox] == [[EMAIL]]


def test_a_person_who_has_an_account_gets_another_key_of_their_project(ada: NewOwner) -> None:
    answer = sign_in("  ADA@Example.com ").json()
    assert answer["project_id"] == ada.project.public_id
    assert answer["api_key"] != ada.api_key
    assert ping(ada.api_key) == ping(answer["api_key"])
    assert User.objects.get(email=EMAIL).check_password(PASSWORD)


def test_the_answer_does_not_tell_who_has_an_account(ada: NewOwner) -> None:
    answers = [post(CODE, email=email).json() for email in (EMAIL, "nobody@example.com")]
    assert answers[0] == answers[1]
    assert [message.to for message in mail.outbox] == [[EMAIL], ["nobody@example.com"]]
    verdicts = [post(VERIFY, email=email, code="000000x") for email in (EMAIL, "nobody@example.com", "x@example.com")]
    assert {(verdict.status_code, verdict.json()["error"]) for verdict in verdicts} == {
        (400, "The code is wrong or has expired. Ask for a new one.")
    }


def test_where_sign_up_is_closed_nobody_new_gets_a_code(ada: NewOwner, settings: Any) -> None:
    settings.SIGN_UP = False
    answers = [post(CODE, email=email).json() for email in (EMAIL, "nobody@example.com")]
    assert answers[0] == answers[1]
    to_ada, to_nobody = mail.outbox
    assert not re.search(r"\d{6}", str(to_nobody.body))
    assert post(VERIFY, email=EMAIL, code=code_in(to_ada)).status_code == 200
    refused = post(VERIFY, email="nobody@example.com", code=new_code("nobody@example.com"))
    assert (refused.status_code, "no new accounts" in refused.json()["error"]) == (403, True)
    assert not User.objects.filter(email="nobody@example.com").exists()


def test_a_wrong_code_is_in_the_audit_log(ada: NewOwner) -> None:
    assert post(VERIFY, email=EMAIL, code="000000x").status_code == 400
    notes().wait()
    with org_tx(ada.project.org_id):
        entry = AuditEntry.objects.get(action="login.fail")
    assert (entry.object_id, entry.outcome, entry.details) == (str(ada.person.id), "denied", {"reason": "email_code"})


def test_a_code_works_once() -> None:
    code = code_for(EMAIL)
    assert [post(VERIFY, email=EMAIL, code=code).status_code for _ in range(2)] == [200, 400]


def test_only_the_newest_code_works() -> None:
    first, second = code_for(EMAIL), code_for(EMAIL)
    assert [post(VERIFY, email=EMAIL, code=code).status_code for code in (first, second)] == [400, 200]


def test_a_code_is_of_one_email() -> None:
    code_for("bob@example.com")
    assert post(VERIFY, email="bob@example.com", code=code_for(EMAIL)).status_code == 400


def test_a_code_expires() -> None:
    code = code_for(EMAIL)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE shared_cache SET expires = expires - interval '10 minutes'")
    assert post(VERIFY, email=EMAIL, code=code).status_code == 400


def test_after_five_wrong_tries_the_right_code_is_wrong() -> None:
    code = code_for(EMAIL)
    wrong = [post(VERIFY, email=EMAIL, code=another_than(code)) for _ in range(TRIES)]
    assert {answer.status_code for answer in wrong} == {400}
    assert post(VERIFY, email=EMAIL, code=code).status_code == 400


def test_tries_at_the_same_time_are_no_more_than_tries_one_after_the_other() -> None:
    code = new_code(EMAIL)

    def guess(_: int) -> bool:
        try:
            return take_code(EMAIL, another_than(code))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(guess, range(TRIES)))
    assert not take_code(EMAIL, code)


def test_of_many_who_use_a_code_at_the_same_time_one_is_let_in() -> None:
    code = new_code(EMAIL)

    def use(_: int) -> bool:
        try:
            return take_code(EMAIL, code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(use, range(4))).count(True) == 1


def test_a_code_is_nowhere_in_the_database() -> None:
    code = code_for(EMAIL)
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM shared_cache")
        kept = str([(key, b64decode(value)) for key, value in cursor.fetchall()])
    assert code not in kept
    assert EMAIL not in kept


def test_a_mailbox_does_not_get_around_the_second_factor(ada: NewOwner) -> None:
    TOTP.activate(ada.person, "JBSWY3DPEHPK3PXP")
    answer = sign_in(EMAIL)
    assert answer.status_code == 403
    assert "second factor" in answer.json()["error"]
    assert ApiKey._base_manager.using("owner").count() == 1


def test_a_mailbox_does_not_get_around_the_identity_provider() -> None:
    person = User.objects.create_user(EMAIL)
    SocialAccount.objects.create(user=person, provider="sso_one", uid="subject")
    answer = sign_in(EMAIL)
    assert answer.status_code == 403
    assert "identity provider" in answer.json()["error"]


def test_somebody_who_is_barred_gets_no_key(ada: NewOwner) -> None:
    code = code_for(EMAIL)
    User.objects.filter(email=EMAIL).update(is_active=False)
    assert post(VERIFY, email=EMAIL, code=code).status_code == 403


def test_who_signed_up_with_an_email_that_is_not_theirs_is_shut_out_when_its_owner_proves_it() -> None:
    squatter = User.objects.create_user(EMAIL, PASSWORD)
    EmailAddress.objects.create(user=squatter, email=EMAIL, verified=False, primary=True)
    assert sign_in(EMAIL).status_code == 200
    assert not User.objects.get(email=EMAIL).check_password(PASSWORD)


def test_a_reader_gets_no_key(alice: Person) -> None:
    member_of(alice, EMAIL, "READER")
    answer = sign_in(EMAIL)
    assert answer.status_code == 403
    assert "owner" in answer.json()["error"]


def test_a_key_is_of_a_project_that_the_person_owns(alice: Person) -> None:
    member_of(alice, EMAIL, "OWNER", only_project=True)
    assert sign_in(EMAIL).json()["project_id"] == alice.project_id


def test_the_audit_log_names_who_made_the_key(ada: NewOwner) -> None:
    sign_in(EMAIL)
    with org_tx(ada.project.org_id):
        first, entry = AuditEntry.objects.filter(action="key.create").order_by("number")
    assert (first.actor_type, first.actor_id) == ("system", None)
    assert (entry.actor_type, entry.actor_id, str(entry.ip)) == ("person", ada.person.id, "192.0.2.1")


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c.example", f"{'a' * 300}@example.com", None])
def test_what_is_no_email_gets_no_code(email: Any) -> None:
    answer = post(CODE, email=email)
    assert (answer.status_code, mail.outbox) == (400, [])
    assert "email" in answer.json()["error"]


def test_one_mailbox_is_not_flooded() -> None:
    answers = [post(CODE, address=f"192.0.2.{number}", email=EMAIL) for number in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert int(answers[-1]["Retry-After"]) > 60
    assert len(mail.outbox) == 5


def test_another_spelling_of_the_parameter_is_the_same_mailbox() -> None:
    bodies: list[Any] = [{"EMAIL": EMAIL}, {"email": "", "EMAIL": EMAIL}, {"email": EMAIL.upper()}] * 2
    statuses = [
        post(CODE, address=f"192.0.2.{number}", **body).status_code for number, body in enumerate(bodies, start=1)
    ]
    assert statuses == [200] * 5 + [429]


def test_one_address_does_not_ask_for_codes_without_end() -> None:
    statuses = [post(CODE, email=f"{number}@example.com").status_code for number in range(21)]
    assert statuses == [200] * 20 + [429]
    assert post(CODE, address="192.0.2.2", email=EMAIL).status_code == 200


def test_a_mail_server_that_is_away_is_no_bug(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert post(CODE, email=EMAIL).status_code == 503


def test_agent_mode_is_off_unless_the_operator_wants_it() -> None:
    answer = post(AGENT)
    assert answer.status_code == 403
    assert "switched off" in answer.json()["error"]
    assert not User.objects.exists()


@pytest.fixture
def agent(settings: Any) -> dict[str, Any]:
    """A program that made itself an account."""
    settings.AGENT_MODE = True
    return dict(post(AGENT, source="docs", agent_caller="codex").json())


def test_an_agent_gets_an_account_of_its_own(agent: dict[str, Any]) -> None:
    key = with_key(agent["api_key"])
    body = {"messages": "I live in Rome", "user_id": agent["default_user_id"], "infer": False}
    assert key.post("/v3/memories/add/", body, content_type="application/json").status_code == 200
    assert ping(agent["api_key"])["user_email"].endswith("@agents.invalid")
    assert agent["claim_command"] == "mem0 init --email <your-email>"


def test_one_address_makes_five_agents_a_day(settings: Any) -> None:
    settings.AGENT_MODE = True
    answers = [post(AGENT) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [403]
    assert "5 a day" in answers[-1].json()["error"]
    assert post(AGENT, address="192.0.2.2").status_code == 200


def test_a_program_names_its_key(agent: dict[str, Any]) -> None:
    caller = f"{AGENT}caller/"
    answer = with_key(agent["api_key"]).patch(caller, {"agent_caller": "claude"}, content_type="application/json")
    assert (answer.status_code, answer.json()) == (200, {"agent_caller": "claude"})
    assert ApiKey._base_manager.using("owner").get().name == "claude"
    assert Client().patch(caller, {"agent_caller": "claude"}, content_type="application/json").status_code == 401


def claim(email: str, key: str) -> Any:
    return post(VERIFY, email=email, code=code_for(email), agent_mode_api_key=key)


def test_a_claimed_agent_belongs_to_the_person_and_keeps_its_key(agent: dict[str, Any]) -> None:
    place = ping(agent["api_key"])
    answer = claim(EMAIL, agent["api_key"]).json()
    assert (answer["claimed"], "claimed_at" in answer) == (True, True)
    assert ping(agent["api_key"]) == place | {"user_email": EMAIL}
    assert sign_in(EMAIL).json()["project_id"] == place["project_id"]
    assert claim("bob@example.com", agent["api_key"]).status_code == 400


def test_an_email_with_an_account_claims_no_agent(agent: dict[str, Any], ada: NewOwner) -> None:
    answer = claim(EMAIL, agent["api_key"])
    assert (answer.status_code, answer.json()["code"]) == (409, "email_already_claimed")
    assert ping(agent["api_key"])["user_email"].endswith("@agents.invalid")


def test_nobody_claims_the_account_of_a_person(ada: NewOwner, agent: dict[str, Any]) -> None:
    for key in (ada.api_key, "loci_sk_unknown"):
        assert claim("bob@example.com", key).status_code == 400
    assert User.objects.filter(email=EMAIL).exists()


def test_claiming_needs_the_code(agent: dict[str, Any]) -> None:
    wrong = another_than(code_for(EMAIL))
    assert post(VERIFY, email=EMAIL, code=wrong, agent_mode_api_key=agent["api_key"]).status_code == 400
    assert not User.objects.filter(email=EMAIL).exists()


@pytest.mark.parametrize(
    "restriction",
    [
        {"entity": "user:customer"},
        {"scopes": ("memories:read",)},
        {"allowed_cidrs": ("10.0.0.0/8",)},
        {"rate_per_minute": 60},
        {"daily_quota": 1000},
        {"expires_at": timezone.now() + timedelta(days=3650)},
    ],
    ids=lambda given: next(iter(given)),
)
def test_a_restricted_key_of_an_agent_does_not_claim_it(agent: dict[str, Any], restriction: dict[str, Any]) -> None:
    caller = caller_of(agent["api_key"])
    assert isinstance(caller, Caller)
    narrow = create_key(caller, "narrow", Restrictions(**restriction)).secret
    answer = claim(EMAIL, narrow)
    assert (answer.status_code, "not restricted" in answer.json()["error"]) == (403, True)
    assert not User.objects.filter(email=EMAIL).exists()


@pytest.mark.parametrize(
    "begin",
    [lambda: sign_in(EMAIL), lambda: create_owner(email=EMAIL, password=PASSWORD, organization="Engines")],
    ids=["sign-up", "create_owner"],
)
def test_the_audit_log_of_a_new_person_begins_with_their_organization(begin: Callable[[], object]) -> None:
    begin()
    [public_id] = organizations_of(User.objects.get(email=EMAIL).id)
    with org_tx(Organization._base_manager.using("owner").get().id):
        first = AuditEntry.objects.get(number=1)
    assert (first.action, first.object_id) == ("organization.create", public_id)


@pytest.mark.parametrize(
    "spelling", ["alex@bücher.example", "ALEX@BÜCHER.example", "alex@b\u00adücher.example", "alex@bücher\u3002example"]
)
def test_emails_whose_domain_is_written_otherwise_are_one(spelling: str) -> None:
    one = create_person(email="alex@xn--bcher-kva.example", password=None)
    assert canonical_email(spelling) == one.email
    assert User.objects.get_by_natural_key(spelling) == one
