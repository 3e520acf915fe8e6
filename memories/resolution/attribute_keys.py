"""One spelling for the keys of attributes that extractors spell in several ways.

A prompt asks for these spellings and the offline extractor keeps to them; a model strays nevertheless, and `employer`
beside `work.employer` would be two current values of one thing. A few well-known synonyms are all that is needed here:
a model is also shown the keys that there are.
"""

from collections.abc import Iterable, Mapping


def _spellings(by_key: Mapping[str, str]) -> dict[str, str]:
    return {other: key for key, others in by_key.items() for other in others.split()}


_WHOLE = _spellings(
    {
        "location": "city home residence home_city current_city current_location place_of_residence"
        " lives_in location.city location.current location.home address.city home.city home.location",
        "origin": "hometown home_town birthplace place_of_birth place_of_origin location.origin location.birth",
        "name": "full_name user.name user_name name.full personal.name",
        "birthday": "birth_date birthdate date_of_birth dob birth.date",
        "age": "user.age personal.age",
        "work.employer": "employer company workplace work.company work.workplace work.organization",
        "work.role": "occupation job profession job_title job_role position role work.title work.position"
        " work.job work.job_title work.occupation work.profession",
        "work.field": "industry work.industry work.sector",
        "partner.name": "partner spouse wife husband girlfriend boyfriend fiance fiancee family.partner family.spouse"
        " relationship.partner relationship.spouse relationship.partner.name",
        "relationship.status": "marital_status relationship_status civil_status partner.status",
        "education.school": "school university college education.university education.college",
        "education.field": "major field_of_study education.major",
    }
)
_FIRST = _spellings(
    {
        "preference": "preferences taste tastes",
        "favorite": "favourite favorites favourites",
        "allergy": "allergies allergic",
        "pet": "pets",
        "language": "languages",
        "work": "job employment career",
        "partner": "spouse wife husband girlfriend boyfriend fiance fiancee",
    }
)
"""The same for the first part of a dotted key: `pets.rex` is `pet.rex`."""


def canonical_key(key: str, *, kept: Iterable[str] = ()) -> str:
    """Returns the one spelling of an attribute's key; those in `kept` stay as they are, and so does any unknown one."""
    if key in kept:
        return key
    first, dot, rest = key.partition(".")
    spelt = f"{_FIRST.get(first, first)}.{rest}" if dot else key
    return _WHOLE.get(spelt, spelt)
