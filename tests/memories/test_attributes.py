"""What is known of an entity by key: one current value, the memory that says so, and every value before it."""

from typing import Any
from urllib.parse import quote

import pytest

from loci.tenancy.context import tenant_tx
from memories.models import Memory, Revision
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.memories.support import (
    APR,
    FEB,
    JAN,
    MAR,
    Json,
    add,
    call,
    delete,
    fact,
    get,
    keep,
    lives_in,
    put,
    queue,
    relation,
    scripted_add,
    supersede,
    verdicts,
    work,
)
from tests.memories.test_bound_keys import bound

BOTH = {"user_id": "alex", "agent_id": "ada"}


def attributes(person: Person, name: str = "alex", kind: str = "user", query: str = "") -> list[Json]:
    answer = get(person, f"/v1/entities/{kind}/{quote(name, safe='')}/attributes/{query}")
    assert (answer["entity_type"], answer["entity_id"]) == (kind, name)
    found: list[Json] = answer["attributes"]
    return found


def values(person: Person, **which: str) -> dict[str, Any]:
    """Returns the current value of each key."""
    return {row["key"]: row["value"] for row in attributes(person, **which)}


def attribute(person: Person, key: str = "location", name: str = "alex") -> Json:
    found: Json = get(person, f"/v1/entities/user/{quote(name, safe='')}/attributes/{quote(key, safe='')}/")
    return found


def past(person: Person, key: str = "location") -> list[tuple[Any, Any, Any]]:
    """Returns the history of the key: each value with its interval, by months."""
    rows = attribute(person, key)["history"]
    return [(row["value"], row["valid_from"][:7], (row["valid_to"] or "")[:7]) for row in rows]


def test_an_attribute_is_a_value_and_the_memory_that_says_so(alice: Person, llm: FakeLLM) -> None:
    (stored,) = scripted_add(alice, llm, lives_in("Rome"), timestamp=JAN)["results"]
    said = JAN.replace("+00:00", ".000000+00:00")
    assert attributes(alice) == [
        {
            "key": "location",
            "value": "Rome",
            "memory_id": stored["id"],
            "memory": "Lives in Rome",
            "updated_at": said,
            "valid_from": said,
        }
    ]


def test_there_is_one_current_value_of_each_key_in_the_order_of_keys(alice: Person, llm: FakeLLM) -> None:
    scripted_add(alice, llm, lives_in("Rome"), fact("Is called Alex", attribute="name", value="Alex"))
    scripted_add(alice, llm, fact("Is 30", attribute="age", value="30"), lives_in("Oslo"))
    assert list(values(alice).items()) == [("age", "30"), ("location", "Oslo"), ("name", "Alex")]


def test_the_list_can_be_narrowed_to_keys_and_to_what_begins_alike(alice: Person, llm: FakeLLM) -> None:
    likes = [fact(f"Likes {x}", attribute=f"preference.{x}", value="likes") for x in ("tea", "jam")]
    scripted_add(alice, llm, *likes, lives_in("Rome"), fact("Has preferred status", attribute="preferred", value="yes"))
    assert list(values(alice, query="?keys=location,preference.tea,absent")) == ["location", "preference.tea"]
    assert list(values(alice, query="?prefix=preference.")) == ["preference.jam", "preference.tea"]
    assert list(values(alice, query="?keys=location,preference.tea&prefix=pref")) == ["preference.tea"]
    assert list(values(alice, query="?prefix=%25")) == []


@pytest.mark.parametrize("query", ["keys=a%00b", "prefix=%00", f"prefix={'x' * 101}", f"keys={'x' * 101}"])
def test_what_can_be_no_key_is_refused(alice: Person, query: str) -> None:
    keep(alice, "one")
    assert call(alice, "GET", f"/v1/entities/user/alex/attributes/?{query}").status_code == 400
    assert call(alice, "GET", "/v1/entities/user/alex/attributes/a%00b/").status_code == 400


def test_an_entity_without_attributes_has_none_and_an_unknown_one_is_not_found(alice: Person, bob: Person) -> None:
    keep(alice, "one")
    assert attributes(alice) == []
    for person, path in [(bob, "alex/attributes/"), (alice, "blake/attributes/"), (alice, "blake/attributes/name/")]:
        response = call(person, "GET", f"/v1/entities/user/{path}")
        assert (response.status_code, response.json()["message"]) == (404, "Entity not found")
    response = call(alice, "GET", "/v1/entities/user/alex/attributes/name/")
    assert (response.status_code, response.json()["message"]) == (404, "Attribute not found")
    response = call(alice, "GET", "/v1/entities/planet/alex/attributes/")
    assert (response.status_code, response.json()["message"]) == (400, "Invalid entity type")


NAMES = ["a/b", "a b", "alex@example.com", "über", "x/attributes", "attributes", "attributes/attributes", "a.b"]


def test_any_name_may_stand_before_attributes(alice: Person, llm: FakeLLM) -> None:
    for name in NAMES:
        scripted_add(alice, llm, lives_in(f"Rome of {name}"), user_id=name)
    for name in NAMES:
        assert values(alice, name=name) == {"location": f"Rome of {name}"}
        assert attribute(alice, name=name)["value"] == f"Rome of {name}"
        assert get(alice, f"/v1/entities/user/{name}/attributes")["attributes"][0]["value"] == f"Rome of {name}"


def test_an_entity_whose_name_ends_in_attributes_is_read_and_erased_by_v2(alice: Person) -> None:
    keep(alice, "one", user_id="alex/attributes")
    assert get(alice, "/v2/entities/user/alex/attributes/")[0]["name"] == "alex/attributes"
    delete(alice, "/v2/entities/user/alex%2Fattributes/")
    assert call(alice, "GET", "/v2/entities/user/alex/attributes/").status_code == 404


def test_an_entity_called_attributes_is_still_read_by_v1(alice: Person) -> None:
    keep(alice, "one", user_id="attributes")
    assert get(alice, "/v1/entities/user/attributes/")[0]["name"] == "attributes"


def test_history_holds_every_value_and_when_it_held(alice: Person, llm: FakeLLM) -> None:
    events = [scripted_add(alice, llm, lives_in(city), timestamp=at) for city, at in [("Rome", JAN), ("Oslo", MAR)]]
    assert past(alice) == [("Rome", "2026-01", "2026-03"), ("Oslo", "2026-03", "")]
    found = attribute(alice)
    assert (found["key"], found["value"], found["memory"]) == ("location", "Oslo", "Lives in Oslo")
    assert [row["event_id"] for row in found["history"]] == [event["id"] for event in events]
    assert [row["memory"] for row in found["history"]] == ["Lives in Rome", "Lives in Oslo"]


def test_a_repetition_is_no_new_value_but_says_that_it_still_holds(alice: Person, llm: FakeLLM) -> None:
    for at in (JAN, MAR):
        scripted_add(alice, llm, lives_in("Rome"), timestamp=at)
    assert past(alice) == [("Rome", "2026-01", "")]
    (row,) = attributes(alice)
    assert (row["valid_from"][:7], row["updated_at"][:7]) == ("2026-01", "2026-03")


def test_what_was_said_earlier_is_history_and_never_current(alice: Person, llm: FakeLLM) -> None:
    scripted_add(alice, llm, lives_in("Rome"), timestamp=MAR)
    late = scripted_add(alice, llm, lives_in("Oslo"), timestamp=JAN)
    assert verdicts(late) == ["earlier"]
    assert values(alice) == {"location": "Rome"}
    assert past(alice) == [("Oslo", "2026-01", "2026-03"), ("Rome", "2026-03", "")]


def test_what_was_said_earlier_is_not_current_beside_an_immutable_memory_either(alice: Person, llm: FakeLLM) -> None:
    scripted_add(alice, llm, lives_in("Rome"), timestamp=MAR, immutable=True)
    late = scripted_add(alice, llm, lives_in("Oslo"), timestamp=JAN)
    assert verdicts(late) == ["stored"]
    assert values(alice) == {"location": "Rome"}
    assert past(alice) == [("Oslo", "2026-01", "2026-03"), ("Rome", "2026-03", "")]
    scripted_add(alice, llm, lives_in("Bonn"), timestamp=APR)
    assert values(alice) == {"location": "Bonn"}
    assert past(alice)[1:] == [("Rome", "2026-03", "2026-04"), ("Bonn", "2026-04", "")]


def test_a_value_that_another_memory_took_over_stays_in_the_history(alice: Person, llm: FakeLLM) -> None:
    scripted_add(alice, llm, lives_in("Rome"), timestamp=JAN)
    event = scripted_add(alice, llm, lives_in("Oslo"), timestamp=FEB, **BOTH)
    assert verdicts(event) == ["superseded"]
    assert past(alice) == [("Rome", "2026-01", "2026-02"), ("Oslo", "2026-02", "")]
    first, second = (row["memory_id"] for row in attribute(alice)["history"])
    assert first != second == attributes(alice)[0]["memory_id"]


def test_history_is_the_same_whatever_the_order_of_the_work(alice: Person, llm: FakeLLM) -> None:
    said = [(JAN, "Rome"), (FEB, "Oslo"), (FEB, "Oslo"), (APR, "Bonn"), (MAR, "Rome")]
    seen = []
    for name, order in [("one", [0, 1, 2, 3, 4]), ("two", [3, 4, 1, 0, 2])]:
        accepted = [queue(alice, city, user_id=name, timestamp=at) for at, city in said]
        for number in order:
            llm.script({"facts": [lives_in(said[number][1])]})
            work(alice, accepted[number])
        rows = attribute(alice, name=name)["history"]
        seen.append([(row["value"], row["valid_from"], row["valid_to"]) for row in rows])
    assert seen[0] == seen[1]
    assert [row[0] for row in seen[0]] == ["Rome", "Oslo", "Rome", "Bonn"]


def hide(person: Person, how: str, memory_id: str) -> None:
    match how:
        case "superseded":
            supersede(person, memory_id, by=keep(person, "Lives nowhere"))
        case "expired":
            put(person, memory_id, expiration_date="2020-01-01")


@pytest.mark.parametrize("how", ["superseded", "expired"])
def test_what_no_visible_memory_says_is_not_current_but_history(alice: Person, llm: FakeLLM, how: str) -> None:
    (stored,) = scripted_add(alice, llm, lives_in("Rome"))["results"]
    hide(alice, how, stored["id"])
    assert attributes(alice) == []
    found = attribute(alice)
    assert (found["key"], found["value"], found["memory_id"]) == ("location", None, None)
    assert [row["value"] for row in found["history"]] == ["Rome"]
    scripted_add(alice, llm, lives_in("Oslo"))
    assert values(alice) == {"location": "Oslo"}


def test_a_forgotten_memory_leaves_no_attribute_and_no_history(alice: Person, llm: FakeLLM) -> None:
    named = {"topics": ["Rome"], "relations": [{"source": "user", "relation": "lives in", "target": "Rome"}]}
    (stored,) = scripted_add(alice, llm, lives_in("Rome", **named), timestamp=JAN)["results"]
    scripted_add(alice, llm, lives_in("Oslo"), timestamp=FEB)
    delete(alice, f"/v1/memories/{stored['id']}/")
    assert attributes(alice) == []
    assert call(alice, "GET", "/v1/entities/user/alex/attributes/location/").status_code == 404
    with tenant_tx(alice.tenant):
        assert set(Revision.objects.values_list("text", "attribute_key", "attribute_value")) == {("", "", "")}
        assert Memory.objects.values_list("topics", "topic_keys", "relations").get() == ([], [], [])


def test_an_erased_entity_has_no_attributes(alice: Person, llm: FakeLLM) -> None:
    scripted_add(alice, llm, lives_in("Rome"))
    delete(alice, "/v2/entities/user/alex/")
    assert call(alice, "GET", "/v1/entities/user/alex/attributes/").status_code == 404


def test_an_edited_memory_says_it_still_but_its_value_is_unknown_until_it_is_said_again(
    alice: Person, llm: FakeLLM
) -> None:
    (stored,) = scripted_add(alice, llm, lives_in("Rome"), timestamp=JAN)["results"]
    put(alice, stored["id"], text="Lives in Naples")
    (row,) = attributes(alice)
    assert (row["key"], row["value"], row["memory"]) == ("location", None, "Lives in Naples")
    assert [row["value"] for row in attribute(alice)["history"]] == ["Rome", None]
    again = scripted_add(alice, llm, fact("Lives in Naples", attribute="location", value="Naples"))
    assert verdicts(again) == ["merged"]
    assert values(alice) == {"location": "Naples"}
    assert [row["value"] for row in attribute(alice)["history"]] == ["Rome", None, "Naples"]


def test_an_edit_of_what_supports_nothing_any_more_changes_no_attribute(alice: Person, llm: FakeLLM) -> None:
    (stored,) = scripted_add(alice, llm, lives_in("Rome"), timestamp=JAN, immutable=True)["results"]
    scripted_add(alice, llm, lives_in("Oslo"), timestamp=FEB)
    with tenant_tx(alice.tenant):
        Memory.objects.update(immutable=False)
    put(alice, stored["id"], text="Lived in Rome for long")
    assert values(alice) == {"location": "Oslo"}
    assert past(alice) == [("Rome", "2026-01", "2026-02"), ("Oslo", "2026-02", "")]


def test_a_bound_key_reads_the_attributes_of_its_own_entity_and_no_other_is_there(alice: Person, llm: FakeLLM) -> None:
    scripted_add(alice, llm, lives_in("Rome"), **BOTH)
    scripted_add(alice, llm, fact("Speaks Latin", attribute="tongue", value="Latin"), user_id=None, agent_id="ada")
    ada, alex = bound(alice, "agent:ada"), bound(alice, "user:alex")
    assert values(ada, name="ada", kind="agent") == {"tongue": "Latin"}
    assert values(alex) == {"location": "Rome"}
    for key, path in [(ada, "user/alex"), (alex, "agent/ada")]:
        for rest in ("attributes/", "attributes/location/", "attributes/tongue/"):
            response = call(key, "GET", f"/v1/entities/{path}/{rest}")
            assert (response.status_code, response.json()["message"]) == (404, "Entity not found")


SPELLINGS = [
    ("employer", "work.employer"),
    ("job.company", "work.employer"),
    ("occupation", "work.role"),
    ("job_title", "work.role"),
    ("city", "location"),
    ("wife.name", "partner.name"),
    ("relationship.partner", "partner.name"),
    ("preferences.cheese", "preference.cheese"),
    ("pets.rex", "pet.rex"),
    ("seat.kind", "seat.kind"),
]


def test_well_known_keys_have_one_spelling(alice: Person, llm: FakeLLM) -> None:
    scripted_add(alice, llm, *[fact(f"Once {said}", attribute=said, value=said) for said, _ in SPELLINGS])
    assert values(alice) == {kept: said for said, kept in SPELLINGS}
    spelled = sorted({kept for _, kept in SPELLINGS})
    second = scripted_add(alice, llm, *[fact(f"Now {kept}", attribute=kept, value=kept) for kept in spelled])
    assert verdicts(second) == ["merged"] * len(spelled)
    assert values(alice) == {kept: kept for kept in spelled}


def test_keys_of_the_call_s_own_schema_keep_their_spelling_then_and_later(alice: Person, llm: FakeLLM) -> None:
    schema = {"employer": {"type": "string"}, "seatKind": {"type": "string"}}
    told = [fact("Works at Acme", attribute="employer", value="Acme"), fact("Aisle", attribute="seatKind", value="a")]
    scripted_add(alice, llm, *told, structured_data_schema=schema)
    assert values(alice) == {"employer": "Acme", "seatKind": "a"}
    # A model that is shown the key may keep to it without the schema.
    scripted_add(alice, llm, fact("Works at Bolt", attribute="employer", value="Bolt", **relation("refines")))
    assert values(alice)["employer"] == "Bolt"
    assert "work.employer" not in values(alice)


def test_the_offline_extractor_spells_keys_as_they_are_kept(alice: Person) -> None:
    add(alice, "I live in Rome. I work at Acme. I am a nurse. I am allergic to peanuts. My wife is called Kim.")
    found = values(alice)
    assert found["location"] == "Rome"
    assert {"work.employer", "work.role", "partner.name"} <= found.keys()
