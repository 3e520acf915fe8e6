"""What the benchmark remembers and asks: sentences of a seeded generator, as long and as varied as real memories."""

import random
from collections.abc import Iterator

PEOPLE = "Ana Bruno Chen Dalia Emeka Farid Greta Hugo Ines Jonas Kira Liam Mei Nadia Omar Petra Quinn Rosa Samir Tove"
CITIES = "Lisbon Porto Oslo Kyoto Lagos Quito Turin Perth Leeds Dakar Hanoi Basel Cork Seoul Bergen Austin"
THINGS = "bicycle violin camera kayak telescope sewing-machine motorbike tent loom drone piano typewriter canoe easel"
FOODS = "ramen falafel risotto tacos pierogi dumplings curry paella gnocchi kimchi lentils sourdough mango"
JOBS = "nurse welder teacher pilot baker lawyer carpenter translator chemist plumber editor florist"
TEMPLATES = (
    "{person} moved to {city} in {year} to work as a {job}, and still visits the old neighbours every {number} weeks.",
    "Bought a used {thing} from {person} for {number} euros after comparing it with one that was sold in {city}.",
    "Prefers {food} with little salt on weekdays, but orders it twice when eating out in {city} with {person}.",
    "Plans to spend {number} days in {city} in {year} together with {person}, who works there as a {job}.",
    "Learned to repair a {thing} from a {job} in {city}, and has kept notes about it since {year}.",
    "{person} is allergic to {food}, so the dinner for {number} guests in {city} was planned without it.",
)
QUESTIONS = (
    "When did {person} move to {city}, and what does {person} do there?",
    "Who sold the {thing}, and for how much?",
    "What should I cook for {person}, {food} or something else?",
    "How many days do I want to stay in {city} in {year}?",
    "Where did I learn how to repair my {thing}?",
)


class Texts:
    """Yields other sentences for every draw, and the same ones for the same seed."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)

    def memories(self, count: int) -> list[str]:
        """Returns `count` statements of some 20 words; the number at the end makes each the only one."""
        return [f"{self._filled(TEMPLATES)} Note {number}." for number in self._numbers(count)]

    def questions(self, count: int) -> list[str]:
        """Returns `count` different questions, so that no cached vector answers for the embedder."""
        return [f"{self._filled(QUESTIONS)} (Question {number})" for number in self._numbers(count)]

    def _numbers(self, count: int) -> Iterator[int]:
        return (self._random.randrange(1_000_000) * count + index for index in range(count))

    def _filled(self, templates: tuple[str, ...]) -> str:
        words = {"person": PEOPLE, "city": CITIES, "thing": THINGS, "food": FOODS, "job": JOBS}
        chosen = {name: self._random.choice(choices.split()) for name, choices in words.items()}
        number, year = self._random.randrange(2, 900), self._random.randrange(1990, 2027)
        return self._random.choice(templates).format(**chosen, number=number, year=year)
