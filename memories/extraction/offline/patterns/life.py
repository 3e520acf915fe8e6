"""Pets, possessions, habits, goals, plans and dated events."""

from memories.extraction.offline.patterns.base import Pattern

_DATED = (
    r"(?:on|in|from|since|by|until|before|after)(?: the (?:week"
    r"|weekend) of)? (?:\d{1,2} [A-Z][a-z]{2,8} \d{4}|[A-Z][a-z]{2,8} \d{4}|(?:19|20)\d\d)\b"
)
_SOMETIMES = (
    r"(?:every (?:single |other )?(?:day|morning|evening|night|week|weekend|month|year|summer|winter|monday"
    r"|tuesday|wednesday|thursday"
    r"|friday|saturday|sunday)|(?:once|twice|\w+ times) (?:a|per) (?:day|week|month|year)|on (?:weekends"
    r"|weekdays|mondays|tuesdays"
    r"|wednesdays|thursdays|fridays|saturdays|sundays)|daily$|weekly$|each (?:day|morning|week|year)"
    r"|in my (?:free|spare) time"
    r"|for a living|as a hobby|since I was|for (?:over |about |almost |more than )?(?:\w+ ){1,2}years)"
)
_GOAL = (
    r"(?:visit|travel|move|learn|buy|start|marry|get married|retire|study|apply|run|climb|write|quit|stop|lose"
    r"|save|become|go|spend"
    r"|take|launch|build|finish|graduate|adopt|propose|renovate|sell|change|read|see|throw|host|celebrate|open"
    r"|publish|cut|eat|get"
    r"|switch|return|fly|drive|join|enroll|complete|have (?:a baby|kids|children))"
)
_PASSING = (
    r"(?!.{0,60}\b(?:that|this|it|your|you|these|those|some|something|sandwich|dinner|lunch|breakfast|tonight)\b)"
)

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
    Pattern(r"my {pet}(?: {name})? (?:died|passed away)\b", "", None, None, "family"),
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
    Pattern(r"I{adv} (?:own|play (?:on|with)) (?:an? |two |three )(?P<object>[\w -]{2,40})", "", None, None, "misc"),
    Pattern(
        r"I{adv} have an? (?:[\w-]+ ){0,2}(?:car|bike|motorcycle|house|garden|boat|piano|guitar|apartment|flat"
        r"|cabin|camper|tesla|allotment|balcony|driver's license|tattoo)\b",
        "",
        None,
        None,
        "misc",
    ),
    Pattern(
        r"I(?: have)?{adv} (?:bought|purchased|ordered|got myself|signed the lease for|sold|inherited) (?:an? "
        r"|my |the |some |two |three )",
        "",
        None,
        None,
        "misc",
    ),
    # Habits
    Pattern(rf"^I (?!would|will|am going|need|wonder|have to)(?:.{{2,120}}?) {_SOMETIMES}"),
    Pattern(
        r"^I (?:usually|always|never|rarely|often|normally|typically|sometimes) (?!(?:forget|wonder|thought|knew"
        r"|confuse|wanted|get confused))\w+ \w+"
    ),
    Pattern(r"I{adv} (?:play|practice|collect|volunteer at|volunteer|coach|teach|sing in|shoot|brew) {object}"),
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
    # Goals and plans
    Pattern(
        r"^my (?:main |big |biggest |ultimate |next )?(?:goal|dream|plan|ambition|new year's resolution"
        r"|resolution|aim) (?:is|for [^,]{2,40} is) ",
        "",
        None,
        None,
        "milestones",
    ),
    Pattern(r"I am{adv} (?:training|preparing|studying|saving(?: up)?) for (?:an? |the |my )?\w"),
    Pattern(
        r"I am{adv} expecting (?:a baby|my|our|twins|a (?:boy|girl|child|son"
        r"|daughter))",
        "",
        None,
        None,
        "family",
    ),
    Pattern(
        rf"^I(?: am| have been)?{{adv}} (?:planning(?: on)?|plan|hoping|hope|intend|thinking (?:of|about)"
        rf"|considering|saving up|would love|would like|want|dream of|dreaming of|decided"
        rf"|am going)(?: a trip)? to {_GOAL}\b{_PASSING}"
    ),
    Pattern(
        r"^I(?: am| have been)?{adv} (?:planning|thinking of|thinking about|considering) (?:an? |my )?(?:wedding"
        r"|trip|move|vacation|holiday|moving|changing (?:jobs|careers)|getting (?:married|a dog|a cat|divorced)"
        r"|adopting|having (?:kids|a baby)|buying a (?:house|car)|learning|starting a|going back|retiring|quitting)\b"
    ),
    Pattern(
        r"I am (?:getting married|having a baby|moving (?:to|in with|into|out)|starting a new job"
        r"|getting divorced|turning \d{2}|retiring|getting a (?:dog|puppy|cat|kitten))"
    ),
    Pattern(
        r"^I am (?:visiting|flying|traveling|travelling|going|heading|driving) to (?!the (?:store|shop|gym"
        r"|bathroom|kitchen)|bed|sleep|school|work|try|ask|be |do |make |have |use |need )[A-Z]\w+"
    ),
    # Whatever has a date is an event
    Pattern(rf"^(?:I|my \w+) (?!was wondering|wonder)(?:.{{2,140}}?) {_DATED}"),
]
