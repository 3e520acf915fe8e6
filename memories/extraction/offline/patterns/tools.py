"""Tools, devices, versions, accounts and plans, what somebody builds, and what does not work for long."""

from memories.extraction.offline.patterns.base import Pattern

_LASTS = (
    r"(?:still|keeps?|again|since|for (?:\w+ ){0,3}(?:days|weeks|months)|every (?:time|day|morning|night)|always"
    r"|the (?:second|third|fourth) time|constantly|never)"
)
_THING = (
    r"(?:order|package|parcel|delivery|refund|invoice|account|subscription|internet|wifi|router|phone|laptop|computer"
    r"|tablet|watch|tv|printer|app|car|booking|reservation|claim|ticket|dishwasher|fridge|headphones|earbuds|camera)"
)

PATTERNS = [
    # Versions and plans
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
        r"(?: (?:on|to|for|over to|subscribed to))? (?:the|your|a|an) (?P<plan>[\w+-]{2,20}(?: [\w+-]{2,20})?)"
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
    Pattern(
        r"I (?:have been|am|became) (?:an? )?(?:\w+ )?(?:customer|member|subscriber|client|patron) (?:since|for|of)\b",
        category="technology",
    ),
    # What is used
    Pattern(
        r"^I{adv} (?:use|am using|have been using|rely on|work with|work in|code in|program in|develop in|switched to"
        r"|migrated to|switched from|moved from|moved over to|deploy (?:to|on|with)|run|am running|host|write)"
        r" (?!(?:it|this|that|them|these|those|out|into|your|something|some|late|the (?:code|command|script"
        r"|program|following"
        r"|same|app|function))\b)\w",
    ),
    Pattern(
        r"^I am{adv} on (?:an? |my |the )?(?!phone|computer|way|train|bus|fence|same|break|hold|vacation)[\w-]+ \w"
    ),
    Pattern(r"^(?:most|some|all|half|much|part|one) of my (?:\w+ ){1,3}(?:is|are|runs?|uses?) \w"),
    Pattern(
        r"^my (?:team|company|project|stack|code ?base|repo|startup|website|site|shop|setup|backend|frontend"
        r"|database|app"
        r"|main language|operating system|editor|ide|department|school|office) (?:uses?|runs?|is|has|are|deploys?"
        r"|works?)"
        r" (?!(?:not working|broken|slow|down|crashing|failing|giving|throwing)\b)\w"
    ),
    Pattern(r"^I am{adv} (?:pretty |very |quite |totally |completely |still )?(?:new to|a beginner (?:in|at|with)) \w"),
    Pattern(r"^I (?:do not|cannot){adv} (?:know|speak|use|work with|own|have|drive|write|read) (?:any|an?|much) \w"),
    # What is made
    Pattern(
        r"^I(?: am| have been)?{adv} (?:building|developing|making|creating|designing|maintaining|working on"
        r"|maintain|built"
        r"|created|writing|composing|recording|restoring|renovating|running) (?:an? |my (?:own )?|two |three )"
        r"(?!(?:list|summary|question|copy|point|decision|bit|script that|function|presentation (?:for|on)|essay|report"
        r"|speech|email|letter|plan|menu|way|few)\b)\w"
    ),
    # What does not work
    Pattern(rf"^my (?:\w+ ){{0,2}}{_THING}(?: \S+)? (?:\S+ ){{0,5}}{_LASTS}\b", category="technology"),
    Pattern(rf"^my (?:\w+ ){{0,2}}{_THING}(?: (?:number|no|#))? (?:is )?#?\d[\w-]+", category="technology"),
]
