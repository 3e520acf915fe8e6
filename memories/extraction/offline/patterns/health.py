"""Allergies, diet, conditions, medication."""

from memories.extraction.offline.patterns.base import Pattern
from memories.extraction.offline.vocabulary import words

_NO_ALLERGENS = "|".join(sorted(words("no_allergens")))

PATTERNS = [
    Pattern(
        r"(?:I am|I am [^,.;:!?()\n]{1,30} and){adv}"
        r" (?:severely |deathly |highly |mildly )?allergic to "
        rf"(?!(?:{_NO_ALLERGENS})\b){{things}}",
        "Is allergic to {things}",
        "allergy.{things}",
        "allergic",
        "health",
    ),
    Pattern(
        r"I have (?:an? )?(?:severe |bad |mild )?"
        r"(?P<thing>(?!no |any |some |seasonal )[\w -]{2,30}?) allerg(?:y|ies)\b",
        "Is allergic to {thing}",
        "allergy.{thing}",
        "allergic",
        "health",
    ),
    Pattern(
        r"I have (?:an? )?(?:severe |bad |mild )?allerg(?:y|ies) to {things}",
        "Is allergic to {things}",
        "allergy.{things}",
        "allergic",
        "health",
    ),
    Pattern(
        r"I am (?:no longer|not) allergic to {things}",
        "Is not allergic to {things}",
        "allergy.{things}",
        "not allergic",
        "health",
    ),
    Pattern(
        r"I am{adv} (?P<word>lactose|gluten|histamine|fructose)[ -]intolerant",
        "Is {word} intolerant",
        "allergy.{word}",
        "intolerant",
        "health",
    ),
    Pattern(
        r"(?:I am(?: now)?|I became|I have become|I went|I have gone|I have been|I turned){adv}(?: an?| on an?"
        r"| on the| mostly| strictly| strict| strict a)? {diet}\b(?! (?:restaurant|recipe|friend|food|option|dish))",
        "Is {diet}",
        "diet",
        "{diet}",
        "food",
    ),
    Pattern(
        r"I (?:eat|follow|keep|am on|do)(?: an?| mostly| strictly| the)? {diet}\b(?: diet)?",
        "Follows a {diet} diet",
        "diet",
        "{diet}",
        "food",
    ),
    Pattern(r"(?:^|, )as an? {diet}\b", "Is {diet}", "diet", "{diet}", "food"),
    Pattern(r"I am no longer (?:an? )?{diet}", "Is no longer {diet}", "diet", "", "food"),
    Pattern(r"I am not (?:an? )?{diet} any ?more", "Is no longer {diet}", "diet", "", "food"),
    Pattern(r"I am not (?:an? )?{diet}\b(?! any ?more)", "Is not {diet}", "diet.{diet}", "no", "food"),
    Pattern(
        r"I{adv} (?:do not|never|cannot|no longer|stopped|quit|avoid|gave up)(?: eat| drink| eating"
        r"| drinking)?(?: any)? (?P<word>(?:red )?meat|pork|beef|fish|seafood|dairy|gluten|alcohol|coffee"
        r"|caffeine|sugar|nuts|eggs|milk|bread|carbs)\b",
        "",
        "diet.{word}",
        "avoids",
        "food",
    ),
    Pattern(
        r"I (?:have|suffer from|struggle with|live with|got|have had){adv} {condition}\b",
        "Has {condition}",
        "health.{condition}",
        "has",
        "health",
    ),
    Pattern(
        r"I (?:was|have been|got"
        r"|am){adv} diagnosed with {condition}\b",
        "",
        "health.{condition}",
        "has",
        "health",
    ),
    Pattern(r"I(?: was| have been| got){adv} diagnosed with {thing}", "", "health.{thing}", "has", "health"),
    Pattern(
        r"I am{adv} (?P<word>diabetic|asthmatic|celiac|coeliac|autistic|dyslexic|pregnant|colou?r ?blind|deaf"
        r"|blind|anemic|left-handed|hypertensive)\b",
        "Is {word}",
        "health.{word}",
        "is",
        "health",
    ),
    Pattern(r"I(?: have)?{adv} (?:quit|stopped|gave up|given up) smoking", "", "habit.smoking", "quit", "health"),
    Pattern(r"I{adv} (?:started|began|am|have started) smoking", "", "habit.smoking", "smokes", "health"),
    Pattern(
        r"I (?:am|have been){adv}(?: [\w-]+ (?:days|weeks|months|years?))? (?:sober|clean(?! (?:the|up|my)))\b",
        "",
        "habit.alcohol",
        "sober",
        "health",
    ),
    Pattern(
        r"I (?:no longer take|do not take|stopped taking|am off|came off) (?P<thing>[\w -]{3,40}?)(?=$|,| and| but"
        r"| any ?more| because)",
        "No longer takes {thing}",
        None,
        None,
        "health",
    ),
]
