"""Who somebody is: name, age, birthday, origin, family, partner, languages."""

from memories.extraction.offline.patterns.base import Pattern
from memories.extraction.offline.patterns.words import NATIONALITIES

_PARTNER = r"(?:husband|wife|spouse|partner|girlfriend|boyfriend|fiancée?|fiancee)"

PATTERNS = [
    # Name
    Pattern(
        r"(?:(?:please |you can )?call me|I go by|I prefer to be called|everyone calls me|people call me"
        r"|my friends call me|they call me) {name}",
        "Name is {name}",
        "name",
        "{name}",
        "personal_details",
    ),
    Pattern(
        r"my (?:first |full |real )?name (?:is|was)(?: now| actually| really| spelled)? {name}",
        "Name is {name}",
        "name",
        "{name}",
        "personal_details",
    ),
    Pattern(r"my (?:first )?name is {nickname}$", "Name is {nickname}", "name", "{nickname}", "personal_details"),
    Pattern(
        r"(?:^|, )(?:I am|I go by|(?:you can |please )?call me|this is) {name}(?=,|$| and| from| by the way"
        r"| here| with)",
        "Name is {name}",
        "name",
        "{name}",
        "personal_details",
    ),
    Pattern(r"^{name} here$", "Name is {name}", "name", "{name}", "personal_details"),
    # Age and birthday
    Pattern(
        r"(?:^|, | )I am{adv} {age}(?: years?[ -]old| years? of age| now)?(?=,| and| but|$| from| with| who)",
        "Is {age} years old",
        "age",
        "{age}",
        "personal_details",
    ),
    Pattern(r"I(?: have)?{adv} turned {age}\b", "Is {age} years old", "age", "{age}", "personal_details"),
    Pattern(r"I am (?:an? )?{age}[ -]years?[ -]old\b", "Is {age} years old", "age", "{age}", "personal_details"),
    Pattern(r"my age is {age}\b", "Is {age} years old", "age", "{age}", "personal_details"),
    Pattern(
        r"my (?:birthday|date of birth|birth date|dob) (?:is |falls )?{birthday}",
        "Birthday is {birthday}",
        "birthday",
        "{birthday}",
        "personal_details",
    ),
    Pattern(
        r"my birthday (?:is |falls )?(?:on |in )(?P<word>Christmas(?: Eve| Day)?|January|February|March|April"
        r"|May|June|July|August|September|October|November|December)\b(?! \d)",
        "Birthday is in {word}",
        "birthday",
        "{word}",
        "personal_details",
    ),
    Pattern(r"I was born {birthday}", "Was born on {birthday}", "birthday", "{birthday}", "personal_details"),
    Pattern(r"I was born in {place}", "Was born in {place}", "birthplace", "{place}", "personal_details"),
    # Contact
    Pattern(
        r"my (?:\w+ )?(?P<contact>email|e-mail|phone number|mobile number|address|zip code|postcode)(?: address)? is "
        r"(?P<word>\S.{2,60})",
        "{contact} is {word}",
        "contact.{contact}",
        "{word}",
        "personal_details",
    ),
    # Origin
    Pattern(
        rf"I am{{adv}} (?P<word>{'|'.join(NATIONALITIES)})(?=,|$| and| but| by| from)",
        "Is {word}",
        "nationality",
        "{word}",
        "personal_details",
    ),
    Pattern(r"I{adv} grew up in {place}", "Grew up in {place}", "origin", "{place}", "personal_details"),
    Pattern(r"I was raised in {place}", "Grew up in {place}", "origin", "{place}", "personal_details"),
    # Partner
    Pattern(
        rf"my {_PARTNER}(?:'s name)? is (?:called |named )?{{name}}(?=,|$| and| but| who)",
        "",
        "partner.name",
        "{name}",
        "family",
    ),
    Pattern(rf"my (?P<word>{_PARTNER}),? {{name}}", "{word}'s name is {name}", "partner.name", "{name}", "family"),
    Pattern(
        r"I (?:am|got|have been)(?: happily| newly)? married to {name}",
        "Is married to {name}",
        "partner.name",
        "{name}",
        "family",
    ),
    Pattern(r"I am dating {name}", "Is dating {name}", "partner.name", "{name}", "family"),
    # Relationship
    Pattern(
        r"I(?: am|have been| got| am now| just got){adv} (?P<word>married|engaged|divorced|separated"
        r"|widowed)\b(?! to (?:my|the|an?)\b)",
        "Is {word}",
        "relationship.status",
        "{word}",
        "family",
    ),
    Pattern(
        r"I am{adv} single\b(?! (?:mom|mum|dad|parent|mother|father))",
        "Is single",
        "relationship.status",
        "single",
        "family",
    ),
    Pattern(
        r"I (?:am not|am no longer) (?:married|engaged|in a relationship)(?: anymore| any more)?",
        "",
        "relationship.status",
        "single",
        "family",
    ),
    Pattern(
        rf"(?:(?:my {_PARTNER}|[a-z]+)(?: \w+)? and )?I{{adv}} (?:have )?(?:just )?(?:broke|split|broken"
        rf"|separated)(?: up)?\b(?! (?:my|the|an?|with my leg))",
        "Is single after a breakup",
        "relationship.status",
        "single",
        "family",
    ),
    Pattern(
        r"I{adv} broke up with (?:my )?\w+", "Is single after a breakup", "relationship.status", "single", "family"
    ),
    Pattern(
        r"I (?:have|have got|found|met) a(?: new)? (?P<word>girlfriend|boyfriend|partner|wife|husband)\b",
        "Has a {word}",
        "relationship.status",
        "in a relationship",
        "family",
    ),
    # Children and relatives
    Pattern(
        r"(?:I have(?: got)?|I{adv} have|and I have){adv} {number} (?:\w+ )?{kin}(?:,| called| named|:) {rest}",
        "Has {number} {kin}: {rest}",
        "family.{kin}",
        "{number}",
        "family",
    ),
    Pattern(
        r"I have(?: got)?{adv} {number} (?:[\w-]+ ){0,2}{kin}\b(?!(?:,| called| named))",
        "Has {number} {kin}",
        "family.{kin}",
        "{number}",
        "family",
    ),
    Pattern(
        r"I am an? (?:proud |single )?(?P<word>mother|father|mom|mum|dad|parent|grandmother|grandfather) (?:of"
        r"|to) (?P<rest>[\w-]+(?: [\w-]+)?)",
        "Is a {word} of {rest}",
        "family.child",
        "{rest}",
        "family",
    ),
    Pattern(
        r"my {relative}(?:'s name)? is (?:called |named )?{name}(?=,|$| and| but| who)",
        "{relative}'s name is {name}",
        "family.{relative}.{name}",
        "{relative}",
        "family",
    ),
    Pattern(
        r"my {relative} {name} (?:is|was|has|had|lives|works|loves|likes|hates|studies|just|turned|turns|moved"
        r"|got|wants|plays|cannot|does|will)\b",
        "",
        "family.{relative}.{name}",
        "{relative}",
        "family",
    ),
    Pattern(
        r"^my {relative},? {name}$", "{relative}'s name is {name}", "family.{relative}.{name}", "{relative}", "family"
    ),
    # Languages
    Pattern(
        r"I(?: can)?{adv} speak {languages}", "Speaks {languages}", "language.{languages}", "speaks", "personal_details"
    ),
    Pattern(
        r"I am{adv} (?:fluent in|bilingual in|a native speaker of) {languages}",
        "Speaks {languages}",
        "language.{languages}",
        "speaks",
        "personal_details",
    ),
    Pattern(
        r"I(?: am|have been| have been){adv} (?:learning|studying|taking lessons in)(?: to speak)? {languages}",
        "Is learning {languages}",
        "language.{languages}",
        "learning",
        "personal_details",
    ),
    Pattern(
        r"my (?:native|first) language is {languages}",
        "Native language is {languages}",
        "language.{languages}",
        "native",
        "personal_details",
    ),
]
