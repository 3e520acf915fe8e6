"""How somebody wants to be treated, and moods, aims and fears that last."""

from memories.extraction.offline.patterns.base import Pattern

_LONG = (
    r"(?:for (?:\w+ ){0,3}(?:weeks|months|years|ages)|since|lately|ever since|these days|most (?:days|nights)"
    r"|all the time|every (?:day|night|morning))"
)

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
        r"^I (?:do not|would rather not|would prefer not to|never) (?:want to |like to )?(?:talk about|discuss"
        r"|be called"
        r"|be contacted|be reminded of|hear about) \w",
        category="user_preferences",
    ),
    Pattern(r"^I (?:would|'d) (?:rather|prefer)(?: to)? \w+ (?!it|that|this)\w", category="user_preferences"),
    Pattern(
        r"^my (?:pronouns|preferred (?:name|pronouns)) are (?P<rest>[\w/ ]{2,30})",
        "Pronouns are {rest}",
        "pronouns",
        "{rest}",
        "personal_details",
    ),
    # Moods and fears
    Pattern(rf"^I (?:have been|am|have felt|feel|have had|have)\b.{{2,80}}\b{_LONG}\b"),
    Pattern(r"^I am{adv} (?:scared|afraid|terrified|frightened|claustrophobic|phobic)(?: of)? \w", category="health"),
    Pattern(
        r"^I am{adv} (?:an? )?(?:[\w-]+ ){0,2}(?:sleeper|person|owl|riser|bird|eater|introvert|extrovert"
        r"|perfectionist)\b"
    ),
    Pattern(r"^I (?:miss|mourn|look up to|take care of|am taking care of|care for|look after) (?:my|an?|the|[A-Z])"),
    # Aims
    Pattern(
        r"^I (?:am (?:trying|aiming|working)|have been trying|try|want|need|would (?:like|love)"
        r"|hope) to (?:cut down|cut back"
        r"|lose|quit|stop|reduce|save|get (?:fit|in shape|better at|healthier|back into|a (?:job|dog|cat))|learn"
        r"|eat (?:less|more"
        r"|healthier)|drink (?:less|more)|exercise|sleep (?:more|better|earlier)|spend (?:less|more)|run|become"
        r"|improve my"
        r"|be more|conceive|get pregnant)\b"
    ),
    Pattern(r"^I am supposed to (?:finish|submit|hand in|start|have surgery|move|graduate|defend|retire)\b"),
    Pattern(
        r"^I (?:had to )?(?:cancel|cancelled|canceled|postponed|called off|call off|gave up on"
        r"|dropped out of) (?:my|the|an?) \w"
    ),
]
