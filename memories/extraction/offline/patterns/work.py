"""Work and education."""

from memories.extraction.offline.patterns.base import Pattern

_AT = r"(?:at|for|with)"
_ROLE = {"attribute": "work.role", "value": "{role}", "category": "professional_details"}
_EMPLOYER = {"attribute": "work.employer", "value": "{organization}", "category": "professional_details"}
_LEFT = {"attribute": "work.employer", "value": "", "category": "professional_details"}

PATTERNS = [
    Pattern(r"I{adv} am{adv} (?:[^,]{1,40}, )?(?:an? |the ){role}", "Is a {role}", **_ROLE),
    Pattern(
        r"I{adv} (?:work|worked my way up|am working|am employed|have been working|started(?: working)?"
        r"|started out|am working full[ -]time)(?: [^,.;:!?()\n]{1,40}?)? as (?:an? |the )?{role}",
        "Works as a {role}",
        **_ROLE,
    ),
    Pattern(r"(?:^|, )as an? (?P<role>[^,.;:!?()\n]{1,60}?)(?:, | (?=I\b))", "Is a {role}", **_ROLE),
    Pattern(
        r"I{adv}(?: got| was| have been| am) (?:a job|hired|promoted|been promoted)(?: as| to)(?: an?| the)? {role}",
        "Is a {role}",
        **_ROLE,
    ),
    Pattern(
        r"I{adv} (?:joined|got hired at|got hired by|was hired by) {organization}",
        "Works at {organization}",
        **_EMPLOYER,
    ),
    Pattern(
        r"I(?: have)?{adv} (?:joined|got hired at|started at|started working at) [^,.;:!?()\n]{1,40}? as (?:an? "
        r"|the )?{role}",
        "Is a {role}",
        **_ROLE,
    ),
    Pattern(
        r"my (?:job|occupation|profession|role|job title|title) is(?: an?| the| being an?)? {role}",
        "Is a {role}",
        **_ROLE,
    ),
    Pattern(r"I (?:became|have become) an? {role}", "Is a {role}", **_ROLE),
    Pattern(
        rf"I{{adv}} (?:work|am working|am employed|have worked|have been working|am interning)(?: (?:full"
        rf"|part)[ -]time| remotely| nights)? {_AT} {{organization}}",
        "Works at {organization}",
        **_EMPLOYER,
    ),
    Pattern(
        rf"I{{adv}} (?:work|am working|have been working)(?: (?:full|part)[ -]time"
        rf"| remotely)? as [^,.;:!?()\n]{{1,40}}? {_AT} {{organization}}",
        "Works at {organization}",
        **_EMPLOYER,
    ),
    Pattern(r"I am{adv} (?:an? |the )[^,.;:!?()\n]{1,40}? at {organization}", "Works at {organization}", **_EMPLOYER),
    Pattern(
        r"I(?: have)?{adv} (?:started|got|accepted|took|found|landed)(?: a| my)?(?: new)? (?:job|position"
        r"|role)(?: offer)? (?:at|with) {organization}",
        "Works at {organization}",
        **_EMPLOYER,
    ),
    Pattern(r"my (?:employer|company) is(?: called| named)? {organization}", "Works at {organization}", **_EMPLOYER),
    Pattern(
        r"I{adv} (?:work|am working) in (?P<rest>(?:the )?[\w -]{2,40}? (?:industry|sector|department|field"
        r"|marketing|sales|finance|it|hr)|marketing|sales|finance|it|hr|tech|education|healthcare|construction"
        r"|retail|advertising|publishing|banking|insurance|research|hospitality|logistics)\b",
        "Works in {rest}",
        "work.field",
        "{rest}",
        "professional_details",
    ),
    Pattern(
        r"I{adv} (?:no longer work|do not work|stopped working) (?:at|for) {organization}",
        "No longer works at {organization}",
        **_LEFT,
    ),
    Pattern(
        r"I(?: have)?{adv} (?:quit|left|lost|resigned from|was laid off from|got laid off from|was fired from"
        r"|got fired from) my (?:old |last |previous )?(?:job|position|role)(?: (?:at|with) {organization})",
        "No longer works at {organization}",
        **_LEFT,
    ),
    Pattern(
        r"^{company} (?:(?:just |recently |finally )?(?:let me go|laid me off|fired me|sacked me|made me redundant))",
        "No longer works at {company}",
        "work.employer",
        "",
        "professional_details",
    ),
    Pattern(
        r"I(?: have)?{adv} (?:started|started working|began|began working|work|signed|interned|am starting) (?:at"
        r"|with|for) {company}",
        "Works at {company}",
        "work.employer",
        "{company}",
        "professional_details",
    ),
    Pattern(
        r"I(?: have| was| got)?{adv} (?:quit|left|resigned from|laid off from|laid off by|fired from|fired by"
        r"|let go from|let go by) (?!my ){company}",
        "No longer works at {company}",
        **_LEFT,
    ),
    Pattern(
        r"I(?: have)?{adv} (?:quit|left|lost|resigned from) my (?:old |last |previous )?(?:job"
        r"|position)(?! (?:at|with))",
        "",
        **_LEFT,
    ),
    Pattern(r"I(?: was| got| have been){adv} (?:laid off|fired|let go)(?! (?:from|by))", "", **_LEFT),
    Pattern(
        r"I am{adv} (?:[^,]{1,20} and )?(?P<word>retired|unemployed|self-employed|between jobs|freelancing)\b",
        "Is {word}",
        "work.status",
        "{word}",
        "professional_details",
    ),
    Pattern(r"I(?: have)? retired\b", "Is retired", "work.status", "retired", "professional_details"),
    Pattern(
        r"I{adv} (?:run|own|founded|co-founded|started)(?: and run)? (?:my own|my|a|an"
        r"|the) (?P<rest>(?:[\w'-]+ ){0,3}(?:business|company|startup|shop|store|restaurant|bakery|agency|studio"
        r"|practice|firm|café|cafe|farm|blog|podcast|salon|gym|consultancy))\b",
        "",
        "work.business",
        "{rest}",
        "professional_details",
    ),
    Pattern(
        r"I{adv} work (?P<rest>from home|remotely|night shifts|nights|part[ -]time|full[ -]time|freelance)\b"
        r"(?! (?:at|for|as|with)\b)",
        "Works {rest}",
        "work.arrangement",
        "{rest}",
        "professional_details",
    ),
    # Education
    Pattern(
        r"I (?:study|am studying|have been studying|majored in|major in|am majoring in"
        r"|am doing a degree in)(?! for\b) {object}",
        "",
        "education.field",
        "{object}",
        "professional_details",
    ),
    Pattern(
        r"I (?:graduated from|went to|studied at|am a student at|go to|attend"
        r"|attended) (?P<organization>[^,.;:!?()\n]{0,40}(?:university|college|school|institute"
        r"|academy)[^,.;:!?()\n]{0,40})",
        "",
        "education.school",
        "{organization}",
        "professional_details",
    ),
    Pattern(
        r"I am an? [^,.;:!?()\n]{0,40}(?:student|undergraduate|undergrad|freshman|sophomore|junior|senior) (?:at"
        r"|in) {organization}",
        "",
        "education.school",
        "{organization}",
        "professional_details",
    ),
]
