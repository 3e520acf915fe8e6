"""Searches by words in the languages of the world; the embedder, which knows English best, has no part in them."""

from tests.conftest import Person
from tests.fakes.settings import unreachable_embedder
from tests.memories.support import keep, search

FACTS = {
    "German": ["Hat zwei Hunde und ein altes Haus", "Spielt am Montag gerne Klavier"],
    "French": ["Préfère les chevaux et les voitures électriques", "Habite à Lyon avec sa sœur"],
    "Spanish": ["Le gustan las canciones de los años ochenta", "Trabaja como profesor en una escuela"],
    "Italian": ["Abita a Roma con due gatti", "Mangia spesso le arance"],
    "Russian": ["Живёт в Москве", "Любит двух собак"],
    "Japanese": ["彼は東京大学で働いている", "猫が大好きです"],
    "Korean": ["서울에서 살고 있다", "매일 커피를 마신다"],
    "Arabic": ["يعيش في القاهرة", "يحب الشاي الأخضر"],
    "English": ["The order A-12-B4 came on 2024-05-01", "Likes tea from green cups", "Drinks green tea"],
}

ASKED = [
    ("Welchen Hund hat er?", "Hat zwei Hunde und ein altes Haus"),
    ("Häuser", "Hat zwei Hunde und ein altes Haus"),
    ("Spielen Klaviere?", "Spielt am Montag gerne Klavier"),
    ("Quel cheval préfère-t-il ?", "Préfère les chevaux et les voitures électriques"),
    ("voiture electrique", "Préfère les chevaux et les voitures électriques"),
    ("canción", "Le gustan las canciones de los años ochenta"),
    ("¿Dónde trabajaba?", "Trabaja como profesor en una escuela"),
    ("gatto", "Abita a Roma con due gatti"),
    ("Москва", "Живёт в Москве"),
    ("собака", "Любит двух собак"),
    ("東京", "彼は東京大学で働いている"),
    ("大好き", "猫が大好きです"),
    ("서울", "서울에서 살고 있다"),
    ("قاهرة", "يعيش في القاهرة"),
    ("a-12-b4", "The order A-12-B4 came on 2024-05-01"),
    ("2024-05-01", "The order A-12-B4 came on 2024-05-01"),
    ('"green tea"', "Drinks green tea"),
]


def test_a_memory_is_found_by_its_words_in_any_form_of_theirs(alice: Person) -> None:
    for facts in FACTS.values():
        for fact in facts:
            keep(alice, fact)
    with unreachable_embedder():
        best = {query: search(alice, query, threshold=0)[0] for query, _ in ASKED}
    assert {query: hit["memory"] for query, hit in best.items()} == dict(ASKED)
    assert all(hit["score_breakdown"]["bm25"] > 0 for hit in best.values())


def test_what_only_looks_alike_is_not_found(alice: Person) -> None:
    for fact in [*FACTS["German"], *FACTS["Italian"], *FACTS["Russian"]]:
        keep(alice, fact)
    with unreachable_embedder():
        for query in ("Hunt", "Gato", "Reise nach Wien", "москит"):
            assert all(hit["score_breakdown"]["bm25"] == 0 for hit in search(alice, query, threshold=0)), query
