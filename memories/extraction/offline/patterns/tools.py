"""Tools with a version, and the plan of an account."""

from memories.extraction.offline.patterns.base import Pattern

PATTERNS = [
    Pattern(
        r"I (?:am|use|am using|am running|run|upgraded to|updated to|moved to|switched to){adv}(?: on| to| using"
        r"| running| still on)? (?P<tool>[a-z][\w+#-]{1,20}(?: (?!in\b|since\b|for\b|on\b|at\b|to\b)[a-z]\w{1,12})?)"
        r" (?:version )?"
        r"(?P<version>v?\d{1,4}(?:[\u2024]\w{1,4}){0,3})(?=$|,| and| but| with| at| on| so| for| now| in)",
        "Uses {tool} {version}",
        "version.{tool}",
        "{version}",
        "technology",
    ),
    Pattern(
        r"I (?:am|have|pay for|upgraded|downgraded|switched|moved|signed up|changed|subscribed|got|took){adv}"
        r"(?: (?:on|to|for|over to|subscribed to))? (?:the|your|a|an) "
        r"(?P<plan>[\w+-]{2,20}(?: [\w+-]{2,20})?)(?<!training)(?<!meal)(?<!diet)(?<!study)(?<!treatment)(?<!payment)"
        r" (?:plan|tier|subscription|membership|package)\b",
        "Is on the {plan} plan",
        "account.plan",
        "{plan}",
        "technology",
    ),
    Pattern(
        r"I am an? (?P<plan>premium|pro|plus|gold|silver|platinum|basic|free|business|enterprise|prime) (?:member"
        r"|subscriber|customer|user)\b",
        "Is a {plan} customer",
        "account.plan",
        "{plan}",
        "technology",
    ),
]
