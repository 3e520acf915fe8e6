"""A page of somebody else cannot act in a session that it finds open: changes need the token of CSRF, or a key."""

import json
from urllib.parse import urlencode

from django.test import Client

from orgs.models import User
from tests.conftest import Services
from tests.tenancy.cases import CASES
from tests.tenancy.rows import everything
from tests.tenancy.world import ORGANIZATIONS, World

SAFE = {"GET", "HEAD", "OPTIONS"}
KNOWS_NO_SESSION = {"POST /api/v1/keys/report/"}
"""Open to everybody, and the same for everybody."""


def test_a_session_without_the_token_changes_nothing(world: World, services: Services) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(User.objects.get(email=world.alice.email))
    before, answers = everything(services, world.alice.tenant), {}
    for endpoint in CASES.keys() - KNOWS_NO_SESSION:
        method = endpoint.split(" ", maxsplit=1)[0]
        if method in SAFE:
            continue
        call = CASES[endpoint].usual.naming(world.hers).by(world.alice.org_id, world.alice.project_id)
        path = f"{call.path}?{urlencode({'project_id': world.alice.project_id} | call.query)}"
        answers[endpoint] = client.generic(method, path, json.dumps(call.body), content_type="application/json")
    refused = {endpoint for endpoint, answer in answers.items() if "CSRF" in answer.json()["detail"]}
    assert refused == answers.keys()
    assert {answer.status_code for answer in answers.values()} == {403}
    assert everything(services, world.alice.tenant) == before


def test_with_the_token_it_does(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(email=world.alice.email))
    client.get("/account/sso/")
    token = {"x-csrftoken": client.cookies["csrf"].value}
    made = client.post(ORGANIZATIONS, {"name": "One more"}, content_type="application/json", headers=token)
    assert made.status_code == 201
