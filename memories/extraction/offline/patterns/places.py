"""Where somebody lives, comes from and used to live."""

from memories.extraction.offline.patterns.base import Pattern

_HERE = {"text": "Lives in {place}", "attribute": "location", "value": "{place}", "category": "personal_details"}

PATTERNS = [
    Pattern(r"I(?:{adv}| have been) (?:live|living|lived for \w+ \w+|reside) in {place}", **_HERE),
    Pattern(r"I am an? [^,.;:!?()\n]{1,40} (?:living|based) in {place}", **_HERE),
    Pattern(r"I(?: have|{adv}) (?:lived|been living) (?:here )?in {place} (?:for|since)", **_HERE),
    Pattern(
        r"I (?:am|work|am working)(?: as)? (?:an? |the )?(?P<role>[\w -]{2,40}?) in {city}",
        "Lives in {city}",
        "location",
        "{city}",
        "personal_details",
    ),
    Pattern(r"I am{adv} (?:living|based|located|staying permanently|residing) (?:in|near|out of) {place}", **_HERE),
    Pattern(
        r"I(?: have)?{adv} (?:moved|relocated|settled)(?: back| over"
        r"| here| down)?(?: from [^,.;:!?()\n]{1,40}?)? to {place}",
        **_HERE,
    ),
    Pattern(r"my (?:home|home ?town now|city|current city|place) is(?: now)?(?: in)? {place}", **_HERE),
    Pattern(r"here in {place}, where I live", **_HERE),
    Pattern(
        r"I (?:no longer live|am no longer living|stopped living) in {place}",
        "No longer lives in {place}",
        None,
        None,
        "personal_details",
    ),
    # True of who left and of who never was there.
    Pattern(
        r"I (?:do not live|am not living) in {place}(?: anymore| any more| any longer)?",
        "Does not live in {place}",
        None,
        None,
        "personal_details",
    ),
    Pattern(
        r"I (?:have )?moved (?:away from|out of) {place}(?! to)",
        "No longer lives in {place}",
        "location",
        "",
        "personal_details",
    ),
    Pattern(r"I used to live in {place}", "Used to live in {place}", None, None, "personal_details"),
    Pattern(
        r"I(?: am| come| do come){adv} (?:[^,]{0,30}, an? [\w -]{2,30} )?(?:originally )?from {place}",
        "Is from {place}",
        "origin",
        "{place}",
        "personal_details",
    ),
    Pattern(r"my home ?town is {place}", "Is from {place}", "origin", "{place}", "personal_details"),
]
