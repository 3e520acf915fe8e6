"""What memories are sorted into where neither a call nor its project says (contract.md §14, custom_categories)."""

from collections.abc import Mapping
from typing import Final

DEFAULT_CATEGORIES: Final[Mapping[str, str]] = {
    "personal_details": "Name, age, home, origin, languages, contact",
    "family": "Partner, children, parents, relatives, pets",
    "professional_details": "Work, employer, role, colleagues, education, skills",
    "sports": "Sport that is done or followed",
    "travel": "Trips, places visited or to be visited, ways of travelling",
    "food": "What is eaten, cooked, liked or avoided; diets",
    "music": "Music, instruments, concerts",
    "health": "Illness, allergies, medicine, doctors, sleep, fitness, feelings that last",
    "technology": "Devices, software, programming, accounts",
    "hobbies": "Pastimes, collections, games, crafts",
    "fashion": "Clothes, style, sizes, beauty",
    "entertainment": "Films, series, books, shows, games that are watched",
    "milestones": "Weddings, births, moves, degrees, losses and other turning points",
    "user_preferences": "How somebody wants things to be done or to be treated",
    "misc": "What fits nowhere else",
}
