"""Pets, possessions and hobbies."""

from memories.extraction.offline.patterns.base import Pattern

PATTERNS = [
    # Pets
    Pattern(
        r"my {pet} {nickname} (?:has )?(?:died|passed away|was put down)\b", "", "pet.{nickname}", "", category="family"
    ),
    Pattern(
        r"(?:my|I (?:have|own|adopted|got|have adopted){adv} {number}) {pets}(?: are|,)?(?: called| named|:"
        r"|,)? {names}",
        "Has a {pets} named {names}",
        "pet.{names}",
        "{pets}",
        "family",
    ),
    Pattern(
        r"I (?:have|own|adopted|got) [^.;:!?()\n]{1,60} and (?:an? |my )?{pet} (?:called|named) {nickname}",
        "Has a {pet} named {nickname}",
        "pet.{nickname}",
        "{pet}",
        "family",
    ),
    Pattern(
        r"(?:I{adv} (?:have|own|adopted|got|have adopted)|my){adv} {pet}"
        r" (?:called|named|whose name is|is called|is named) {nickname}",
        "Has a {pet} named {nickname}",
        "pet.{nickname}",
        "{pet}",
        "family",
    ),
    Pattern(
        r"my {pet}(?:'s name is| is (?:called|named)|,?) {name}",
        "Has a {pet} named {name}",
        "pet.{name}",
        "{pet}",
        "family",
    ),
    Pattern(
        r"(?:I (?:have|own|adopted|have got|have adopted)"
        r"|I{adv} got)(?:[^.;:!?()\n]{0,40} and)?{adv} {number} {pet}\b(?!,? (?:called|named|whose|person|lover"
        r"|food))",
        "Has {number} {pet}",
        "pet.{pet}",
        "{number}",
        "family",
    ),
    # Possessions
    Pattern(
        r"I{adv} drive (?:an? |my )(?:\d{4} |old |new |red |blue |black |white )?{object}",
        "Drives a {object}",
        "possession.car",
        "{object}",
        "misc",
    ),
    Pattern(
        r"my (?P<word>car|bike|motorcycle|phone|laptop|computer|camera|guitar|piano|boat|truck|van|watch|tv"
        r"|console|tablet) is (?:an? ){object}",
        "{word} is a {object}",
        "possession.{word}",
        "{object}",
        "misc",
    ),
    # Habits
    Pattern(
        r"my (?:main |favorite )?(?:hobby is|hobbies are|hobbies include|passion is) {things}",
        "Enjoys {things}",
        "preference.{things}",
        "like",
        "hobbies",
    ),
    Pattern(
        r"(?:^|, )as an? (?:\w+ )?(?P<word>runner|cyclist|gamer|climber|hiker|swimmer|vegan|parent|expat"
        r"|immigrant|beginner)\b",
        "Is a {word}",
        None,
        None,
    ),
]
