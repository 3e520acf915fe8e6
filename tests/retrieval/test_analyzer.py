import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memories.retrieval.analyzer import QueryTerm, query_terms, terms, tsquery_literal, tsvector
from tests.conftest import Services
from tests.growth import grows_too_fast


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Alex likes hiking and hikes", ["alex", "like", "hike", "hike"]),
        ("I don't like cheese", ["like", "chees"]),
        ("Alex\u2019s sister can't come", ["alex", "sister", "come"]),
        ("O'Brien", ["obrien", "brien"]),
        ("José in ZÜRICH", ["jose", "zurich"]),
        ("\ufb01ne \uff26\uff55\uff4c\uff4c", ["fine", "full"]),
        ("Straße", ["strass"]),
        ("john.smith+x@example.com", ["john.smith+x@example.com", "john", "smith", "exampl", "com"]),
        ("order A-12-B4", ["order", "a-12-b4", "b4"]),
        ("version 3.11.2", ["version", "3.11.2"]),
        ("on 2024-05-01 at 10:30", ["2024-05-01", "2024", "10:30"]),
        ("$1,000.50", ["1000.50", "1000"]),
        ("user_id __init__", ["user_id", "user", "id", "init"]),
        ("C++, C# and AT&T", ["c++", "c#", "at&t"]),
        ("我住在北京。猫", ["我住", "住在", "在北", "北京", "猫"]),
        ("喜欢iPhone手机", ["喜欢", "iphon", "手机"]),
        ("서울에", ["서울", "울에"]),
        ("Я живу в Москве", ["я", "жив", "в", "москв"]),
        ("ёлка, йод", ["елк", "йод"]),
        ("أنا أعيش في القاهرة", ["انا", "اعيش", "في", "قاهر"]),
        ("मैं दिल्ली में", ["मैं", "दिल्ल", "म"]),
        ("", []),
        ("❤️ … \x00 \ud800", []),
    ],
)
def test_a_text_becomes_these_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_stop_words_alone_stay() -> None:
    assert terms("To be or not to be") == ["to", "be", "or", "not", "to", "be"]


@pytest.mark.parametrize(
    ("memory", "query"),
    [
        ("Loves her cats", "CAT"),
        ("Works with Zoë\u2019s café", "zoe cafe"),
        ("Has a café", "cafe\u0301"),
        ("Flies with KLM-1234", "klm\u20111234"),
        ("Lives in a flat for €1,200", "1200"),
        ("Her mail is eve@example.org", "eve"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u062e\u0648\u0627\u0647\u0645"),
    ],
)
def test_the_same_thing_written_in_two_ways_meets(memory: str, query: str) -> None:
    assert {str(term) for term in query_terms(query)} <= set(terms(memory))


def test_a_query_keeps_its_first_32_different_terms() -> None:
    words = [f"w{number}" for number in range(50)]
    assert [str(term) for term in query_terms(" ".join([*words, *words]))] == words[:32]


def test_a_long_term_is_cut() -> None:
    assert terms("x" * 1000) == ["x" * 64]


def test_a_tsvector_has_quoted_terms_with_their_positions() -> None:
    literal = tsvector("cheese, O'Brien@x.com; cheese")
    assert literal == "'chees':1,6 'o''brien@x.com':2 'obrien':3 'brien':4 'com':5"


@pytest.fixture(scope="module")
def cursor(services: Services) -> Iterator[psycopg.Cursor[Any]]:
    with psycopg.connect(services.postgres.admin_url("postgres")) as connection:
        yield connection.cursor()


def matches(cursor: psycopg.Cursor[Any], text: str, query: str) -> bool:
    condition = " | ".join(tsquery_literal(term) for term in query_terms(query))
    cursor.execute("SELECT %s::tsvector @@ %s::tsquery", [tsvector(text), condition])
    row = cursor.fetchone()
    assert row
    return bool(row[0])


ENDINGS = {
    "German": [
        ("Mag Hunde und Katzen", "Hund"),
        ("Wohnt in einem alten Haus", "Häuser"),
        ("Isst gerne Äpfel", "Apfel"),
        ("Hat eine Lehrerin als Nachbarin", "Lehrerinnen"),
    ],
    "French": [
        ("Aime les chevaux", "cheval"),
        ("L'utilisateur travaille chez Renault", "Où travaillait-il ?"),
        ("Préfère les voitures électriques", "voiture electrique"),
        ("Habite dans un hôtel près de la gare", "hotels"),
    ],
    "Spanish": [
        ("Le gustan las canciones de los años ochenta", "canción"),
        ("Habló con su médico ayer", "¿Con quién hablaste?"),
        ("Come pescado los viernes", "¿Qué comió?"),
    ],
    "Italian": [("Abita a Roma con due gatti", "gatto"), ("Mangia spesso le arance", "arancia")],
    "Portuguese": [("Trabalha numa universidade", "trabalhar"), ("O utilizador tem dois irmãos", "irmão")],
    "Dutch": [("Houdt van katten", "kat"), ("Haar kinderen lezen boeken", "boek")],
    "Swedish": [("Tycker om hundar", "hund")],
    "Danish": [("Bor i København med to børn og en kat", "katte")],
    "Norwegian": [("Bor i et hus ved fjorden", "fjorder")],
    "Finnish": [("Pitää koirista", "koira")],
    "Polish": [("Lubię koty i psy", "kot")],
    "Czech": [("Má rád psy a kočky", "kočka")],
    "Turkish": [("Köpekleri seviyor", "köpek")],
    "Hungarian": [("Szereti a kutyákat", "kutya")],
    "Romanian": [("Locuiește într-o casă cu grădină", "grădini")],
    "Russian": [("Живёт в Москве", "Москва"), ("Любит двух собак", "собака")],
    "Greek": [("Αγαπά τις γάτες", "γάτα")],
    "Arabic": [("يعيش في القاهرة", "قاهرة")],
    "Hindi": [("उसके पास दो किताबें हैं", "किताब")],
    "English with a word in Russian": [("Lives in Москве and likes hiking", "Москва")],
}


@pytest.mark.parametrize("language", ENDINGS)
def test_a_fact_is_found_by_words_with_other_endings(cursor: psycopg.Cursor[Any], language: str) -> None:
    for memory, query in ENDINGS[language]:
        assert matches(cursor, memory, query), (memory, query)


@pytest.mark.parametrize(
    "text", ["Has a dog called Rex and works as a nurse in Berlin", "Her sister lives in Paris", "Which pet do I have?"]
)
def test_a_text_in_english_is_read_as_one(text: str) -> None:
    assert {f"'{term}'" for term in terms(text)} == {place.partition(":")[0] for place in tsvector(text).split()}
    assert all(len(stems) == 1 for term in query_terms(text) for stems in term.words)


@pytest.mark.parametrize(
    ("query", "found", "beside"),
    [
        ('Who said "green tea"?', "Likes green tea", "Likes tea of a green leaf"),
        ("Wer trinkt „grünen Tee“?", "Trinkt grünen Tee", "Trinkt Tee aus grünen Tassen"),
        ("« vin rouge »", "Aime le vin rouge", "Aime un rouge et un vin"),
        ("「東京大学」", "彼は東京大学で働く", "東京の大学で働く"),
        ('"the lord of the rings"', "Read The Lord of the Rings", "Lost the rings of a lord"),
        ('order "A-12-B4 today"', "The order A-12-B4, today", "The order A-12-B5, today"),
    ],
)
def test_a_quoted_phrase_is_a_term_beside_its_words(
    cursor: psycopg.Cursor[Any], query: str, found: str, beside: str
) -> None:
    phrase, *words = query_terms(query)
    assert len(phrase.words) > 1
    assert {stem for (stem,) in phrase.words} <= {str(word) for word in words}
    for text, expected in [(found, True), (beside, False)]:
        cursor.execute("SELECT %s::tsvector @@ %s::tsquery", [tsvector(text), tsquery_literal(phrase)])
        assert cursor.fetchone() == (expected,)


@pytest.mark.parametrize("query", ['"tea"', '"to be"', '""', '5" and 6"', '"unclosed tea leaves', '"' * 50])
def test_nothing_else_is_a_phrase(query: str) -> None:
    assert all(len(term.words) == 1 for term in query_terms(query))


awkward = st.text(st.sampled_from(list("aé漢я1 '\u2019\"\\:,.*&|!()<->@+_-\x00\n\ud800\u0301\ufdfa\u200d❤„“«ßłдα")))


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text() | awkward)
def test_postgres_finds_any_text_by_its_own_words(cursor: psycopg.Cursor[Any], text: str) -> None:
    assert matches(cursor, text, text) == bool(terms(text))


@pytest.mark.parametrize("term", ["it's", "back\\slash", "a b", ":*", "&|!<->()", "'", "\\'"])
def test_postgres_reads_a_quoted_term_as_one(cursor: psycopg.Cursor[Any], term: str) -> None:
    cursor.execute("SELECT array_to_tsvector(ARRAY[%s]) @@ %s::tsquery", [term, tsquery_literal(QueryTerm(((term,),)))])
    assert cursor.fetchone() == (True,)


def test_positions_stay_within_what_postgres_stores() -> None:
    places = tsvector(" ".join(f"cheese w{number}" for number in range(20_000)))
    assert places.startswith(f"'chees':{','.join(str(position) for position in range(1, 510, 2))} ")
    assert places.endswith("'w8190':16382")


FOUR_BYTES = "\U00010428"
HUGE = {
    "one word": "a" * 100_000,
    "one compound": "ab." * 33_000,
    "apostrophes": "x'" * 50_000,
    "no end of an address": "a@" * 50_000,
    "combining marks": "e" + "\u0316\u0300" * 50_000,
    "characters that expand": "\ufdfa" * 100_000,
    "thousands": "1,000," * 16_000,
    "Chinese": "".join(chr(0x4E00 + number % 20_000) for number in range(100_000)),
    "more than a tsvector holds": " ".join(FOUR_BYTES * 60 + str(number) for number in range(5_000)),
    "one word again and again": "cheese " * 14_000,
}


@pytest.mark.parametrize("unit", ['"', '"a b" ', "«a", '" "', "ich habe den hund ", "é", "я", "İ", "\u0301", "'"])
def test_the_time_grows_with_the_length(unit: str) -> None:
    assert not grows_too_fast(tsvector, unit)
    assert not grows_too_fast(query_terms, unit)


@pytest.mark.parametrize("kind", HUGE)
def test_a_huge_text_is_read_fast_and_fits_into_postgres(cursor: psycopg.Cursor[Any], kind: str) -> None:
    started = time.process_time()
    literal = tsvector(HUGE[kind])
    assert time.process_time() - started < 3
    cursor.execute("SELECT length(%s::tsvector)", [literal])
