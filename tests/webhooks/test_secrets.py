"""What signs messages: shown to whoever may manage webhooks, replaced without a gap, renewed by the operator."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from loci.crypto import UnreadableSecretError
from loci.tenancy.context import tenant_tx
from loci.tenancy.models import new_id
from orgs.models import AuditEntry
from tests.conftest import Person
from tests.memories.support import call, delete, get, post
from tests.webhooks.support import endpoint_row, make, one
from webhooks.signing_secrets import MAX_OLD, live_secrets


def test_a_secret_is_shown_on_request_and_the_audit_log_says_to_whom(alice: Person) -> None:
    made = make(alice)
    shown = get(alice, one(made, "secret/"))
    assert shown == {"webhook_id": made["webhook_id"], "secret": made["secret"], "old": []}
    with tenant_tx(alice.tenant):
        entry = AuditEntry.objects.latest("number")
    assert (entry.action, entry.object_id) == ("webhook.show_secret", made["webhook_id"])


def test_after_a_rotation_both_secrets_sign_for_a_day(alice: Person) -> None:
    made = make(alice)
    new = post(alice, one(made, "secret/rotate/"))["secret"]
    shown = get(alice, one(made, "secret/"))
    assert (shown["secret"], [old["secret"] for old in shown["old"]]) == (new, [made["secret"]])
    endpoint = endpoint_row(alice)
    newest, old = live_secrets(endpoint)
    assert newest.expires_at is None
    assert old.expires_at is not None
    assert timedelta(hours=23) < old.expires_at - timezone.now() < timedelta(hours=25)


def test_a_rotation_without_overlap_ends_the_old_secrets_at_once(alice: Person) -> None:
    made = make(alice)
    post(alice, one(made, "secret/rotate/"))
    new = post(alice, one(made, "secret/rotate/"), overlap_hours=0)["secret"]
    assert get(alice, one(made, "secret/")) == {"webhook_id": made["webhook_id"], "secret": new, "old": []}


def test_a_rotation_never_lets_an_old_secret_live_longer(alice: Person) -> None:
    made = make(alice)
    post(alice, one(made, "secret/rotate/"), overlap_hours=1)
    before = get(alice, one(made, "secret/"))["old"]
    post(alice, one(made, "secret/rotate/"), overlap_hours=168)
    assert get(alice, one(made, "secret/"))["old"][1:] == before


def test_at_most_ten_old_secrets_sign(alice: Person) -> None:
    made = make(alice)
    new = [post(alice, one(made, "secret/rotate/"))["secret"] for _ in range(MAX_OLD + 2)]
    old = [each["secret"] for each in get(alice, one(made, "secret/"))["old"]]
    assert old == list(reversed(new[:-1]))[:MAX_OLD]


@pytest.mark.parametrize("hours", [-1, 169, "soon"])
def test_an_overlap_is_up_to_a_week(alice: Person, hours: Any) -> None:
    made = make(alice)
    assert "overlap_hours" in call(alice, "POST", one(made, "secret/rotate/"), {"overlap_hours": hours}).json()


def test_secrets_are_renewed_under_a_new_master_key(alice: Person, settings: Any, capsys: Any) -> None:
    made, deleted = make(alice), make(alice)
    delete(alice, one(deleted))
    settings.MASTER_KEY_OLD, settings.MASTER_KEY = settings.MASTER_KEY, "the next one"
    call_command("rotate_secrets")
    assert "webhooks: 1 renewed" in capsys.readouterr().out
    settings.MASTER_KEY_OLD = ""
    assert get(alice, one(made, "secret/"))["secret"] == made["secret"]
    call_command("rotate_secrets")
    assert "webhooks: 0 renewed" in capsys.readouterr().out
    connections["owner"].close()


def test_a_secret_of_one_endpoint_is_none_of_another(alice: Person) -> None:
    make(alice)
    endpoint = endpoint_row(alice)
    endpoint.id = new_id()
    with pytest.raises(UnreadableSecretError):
        live_secrets(endpoint)
