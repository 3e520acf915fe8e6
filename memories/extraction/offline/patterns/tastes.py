"""Likes, dislikes, favorites, and how somebody wants to be answered."""

from memories.extraction.offline.patterns.base import Pattern


def _like(regex: str, text: str) -> Pattern:
    return Pattern(regex, f"{text} {{things}}", "preference.{things}", "like")


def _dislike(regex: str, text: str) -> Pattern:
    return Pattern(regex, f"{text} {{things}}", "preference.{things}", "dislike")


_OFTEN = (
    r"(?: (?:really|also|still|just|now|absolutely|actually|always|personally|quite|particularly|especially"
    r"|truly|kind of|both|do|have always|definitely|mostly|generally)){0,3}"
)

PATTERNS = [
    _like(rf"I{_OFTEN} like {{things}}", "Likes"),
    _like(rf"I{_OFTEN} (?:love|adore)(?:d)? {{things}}", "Loves"),
    _like(rf"I{_OFTEN} enjoy {{things}}", "Enjoys"),
    _like(rf"I{_OFTEN} prefer {{things}}", "Prefers"),
    _like(r"I (?:would )rather have {things} than", "Prefers"),
    _like(r"I am{adv} (?:a )?(?:big |huge |massive |great )?fan of {things}", "Likes"),
    _like(
        r"I am{adv} (?:a )?(?:into|fond of|crazy about|obsessed with|passionate about|keen on|addicted to) {things}",
        "Is into",
    ),
    _like(r"I am an? (?:avid|keen|passionate) {things}", "Is an avid"),
    _like(r"I have (?:grown|come|started|learned|learnt) to (?:like|love|enjoy) {things}", "Likes"),
    _dislike(r"I{adv} do not{adv} (?:like|enjoy) {things}", "Does not like"),
    _dislike(r"I{adv} do not{adv} (?:care for|love) {things}", "Does not like"),
    _dislike(r"I (?:no longer|never) (?:like|liked|love|enjoy|enjoyed) {things}", "Does not like"),
    _dislike(rf"I{_OFTEN} (?:hate|despise|loathe|detest|dislike) {{things}}", "Dislikes"),
    _dislike(r"I{adv} (?:cannot|could never) stand {things}", "Cannot stand"),
    _dislike(
        r"I am not{adv} (?:an? )?(?:big |huge |great )?(?:fan of|into|fond of"
        r"|keen on) {things}",
        "Does not like",
    ),
    Pattern(
        r"my{adv} (?:absolute |current |new )?favorite (?P<word>\w+(?: \w+)?) (?:is|has to be|of all time is) {thing}",
        "Favorite {word} is {thing}",
        "favorite.{word}",
        "{thing}",
    ),
    Pattern(
        r"^{thing} is my{adv} favorite (?P<word>\w+(?: \w+)?)",
        "Favorite {word} is {thing}",
        "favorite.{word}",
        "{thing}",
    ),
    Pattern(r"^{thing} are my favorites?$", "Favorites are {thing}", "preference.{thing}", "like"),
    Pattern(
        r"^(?:please )?(?P<word>always|never) (?P<rest>(?:answer|reply|respond|write|use|call|address|give|keep"
        r"|send|explain|speak|include|mention|suggest|recommend)\b[^.;:!?()\n]{2,90})",
        "Wants the assistant to {word} {rest}",
        None,
        None,
        "user_preferences",
    ),
]
