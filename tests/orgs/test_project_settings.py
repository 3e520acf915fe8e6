"""`manage.py project`, and what its settings change."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.conftest import Person
from tests.memories.support import call, ok


def settings_of(person: Person, *options: str) -> str:
    shown = StringIO()
    call_command("project", person.project_id, *options, stdout=shown)
    return shown.getvalue()


def v1_add(person: Person, **parameters: Any) -> Any:
    body = {"messages": "I live in Rome.", "user_id": "alex", **parameters}
    return ok(call(person, "POST", "/v1/memories/", body))


def test_the_settings_are_shown(alice: Person) -> None:
    shown = settings_of(alice)
    assert "attribution = both" in shown
    assert "v1_is_synchronous = False" in shown


def test_a_setting_is_kept(alice: Person, bob: Person) -> None:
    assert "attribution = speaker" in settings_of(alice, "--attribution", "speaker")
    assert "attribution = speaker" in settings_of(alice, "--add-wait-ms", "10")
    assert "attribution = both" in settings_of(bob)


@pytest.mark.parametrize("options", [["--attribution", "nobody"], ["--add-wait-ms", "-1"], ["--add-wait-ms", "99999"]])
def test_a_wrong_setting_is_refused(alice: Person, options: list[str]) -> None:
    with pytest.raises(CommandError):
        settings_of(alice, *options)


def test_an_unknown_project_is_said_so(database: None) -> None:
    with pytest.raises(CommandError, match="There is no project proj_nothing"):
        call_command("project", "proj_nothing")


def test_a_v1_add_may_wait_for_its_memories(alice: Person) -> None:
    assert [item["status"] for item in v1_add(alice)] == ["PENDING"]
    settings_of(alice, "--v1-is-synchronous")
    assert [item["memory"] for item in v1_add(alice, user_id="bea")] == ["Lives in Rome"]
    assert [item["status"] for item in v1_add(alice, user_id="cleo", async_mode=True)] == ["PENDING"]
