"""How somebody wants to be treated."""

from memories.extraction.offline.patterns.base import Pattern

PATTERNS = [
    Pattern(
        r"^I want the assistant (?P<rest>(?:not )?to .{2,140})$",
        "Wants the assistant {rest}",
        None,
        None,
        "user_preferences",
    ),
    Pattern(r"^I want (?P<rest>(?:only|no) .{2,60}|.{2,60} only)$", "Wants {rest}", None, None, "user_preferences"),
    Pattern(
        r"^{thing} (?:is|are|works?|would be|suits?)(?: always| usually| generally| much| just| probably){0,2}"
        r" (?:better|best|easier|easiest|ideal|the best|preferred)(?: (?:for|with))? me\b",
        "Prefers {thing}",
        "preference.{thing}",
        "like",
        "user_preferences",
    ),
    Pattern(
        r"^my (?:pronouns|preferred (?:name|pronouns)) are (?P<rest>[\w/ ]{2,30})",
        "Pronouns are {rest}",
        "pronouns",
        "{rest}",
        "personal_details",
    ),
]
