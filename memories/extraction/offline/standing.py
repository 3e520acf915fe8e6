"""Standing requests: how somebody wants to be treated from now on ("please don't call me", "only Kotlin examples")."""

import re

_LASTING = (
    r"\b(?:from now on|in (?:the )?future|going forward|by default|every time|whenever|at all times|ever again"
    r"|for this (?:repo|project|team|account|trip)|in all (?:your )?(?:answers|replies|messages)|next time)\b"
)
_VERB = (
    r"(?:answer|reply|respond|write|use|call|address|give|keep|send|explain|speak|talk|include|mention|suggest"
    r"|recommend|remind|add|avoid|ask|show|book|contact|email|text|phone|message|schedule|offer|assume|format|put"
    r"|start|end|refer|apologi[sz]e|be|stick|translate|round|quote|cite|deliver|ship|leave|bring|treat|bother)"
)
_COURTESY = (
    r"(?:please |pls |kindly |so |and |also |oh |just |can you |could you |i would like you to |i want you to"
    r" |you can )*"
)
_REQUESTS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^{_COURTESY}(?P<how>always|never|only ever|do not ever|don't ever) (?P<what>{_VERB}\b.{{2,120}})$",
        rf"^{_COURTESY}(?P<how>do not|don't|never|stop|avoid|no more) (?P<what>(?:call(?:ing)?|phon(?:e|ing)"
        rf"|text(?:ing)?"
        r"|messag(?:e|ing)|email(?:ing)?|contact(?:ing)?|address(?:ing)?|mention(?:ing)?|remind(?:ing)?|suggest(?:ing)?"
        r"|recommend(?:ing)?|schedul(?:e|ing)|us(?:e|ing) (?:emojis?|emoticons|jargon|slang|bullet points|exclamation"
        r"|big words|my (?:full|first|last) name)|send(?:ing)? me|add(?:ing)? (?:any )?comments|talk(?:ing)? down"
        r"|be(?:ing)? so"
        r"|call me|sugarcoat(?:ing)?|lectur(?:e|ing))\b.{0,100})$",
        rf"^{_COURTESY}(?P<how>)(?P<what>keep (?:it|your|the|all)? ?(?:\w+ )?(?:answers?|replies|responses?"
        rf"|explanations?"
        r"|messages|it) (?:short|brief|concise|simple|casual|formal|under)\b.{0,80})$",
        rf"^{_COURTESY}(?P<how>)(?P<what>(?:answer|reply|respond|write|speak|talk)(?: to me)? in [A-Z]?\w+.{{0,60}})$",
        rf"^{_COURTESY}(?P<how>)(?P<what>(?:address me (?:as|by|with)|call me by|refer to me as|use (?:she|he"
        rf"|they)/)\b.{{2,60}})$",
    )
]
_WITH_TERM = re.compile(rf"^{_COURTESY}(?P<what>{_VERB}\b.{{2,140}})$", re.IGNORECASE)
_TERM = re.compile(_LASTING, re.IGNORECASE)
_SHORT = re.compile(
    r"^(?P<what>(?:so |and )?(?:no|only) [\w+#\u2024 '-]{2,40}|[\w+#\u2024 '-]{2,40} only),? (?:please|for me)$",
    re.IGNORECASE,
)
_EACH = re.compile(r",? (?:and|but) (?=(?:please|also|never|always|do not|don't|address|call|keep)\b)", re.IGNORECASE)


def standing_requests(sentence: str) -> tuple[list[str], str]:
    """Returns the standing requests in a sentence, each as "I want the assistant to ...", and what else it says."""
    if sentence.endswith(":"):
        return [], sentence
    parts = [part.strip(" ,") for part in _EACH.split(sentence)]
    requests = {part: _request(part.rstrip(" .!?")) for part in parts}
    found = [request for request in requests.values() if request]
    return found, ", ".join(part for part, request in requests.items() if not request) if found else sentence


def _request(part: str) -> str | None:
    part = (
        re.sub(r",? ?\b(?:please|pls|thanks|ok\??)$", "", part, flags=re.IGNORECASE) if not _SHORT.match(part) else part
    )
    for pattern in _REQUESTS:
        if found := pattern.match(part):
            return f"I want the assistant {_to(found['how'].lower(), found['what'])}"
    if (found := _WITH_TERM.match(part)) and _TERM.search(part):
        return f"I want the assistant to {found['what']}"
    if found := _SHORT.match(part):
        return f"I want {re.sub(r'^(?:so|and) ', '', found['what'])}"
    return None


def _to(how: str, what: str) -> str:
    if how in ("do not", "don't"):
        return f"not to {what}"
    if how in ("stop", "avoid"):
        return f"to {how} {what}"
    if how == "no more":
        return f"to stop {what}"
    return f"to {how} {what}" if how else f"to {what}"
