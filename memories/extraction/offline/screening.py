"""What is dropped before any pattern is tried: questions, requests, hypotheticals, pleasantries, other languages."""

import re
from collections.abc import Callable, Iterator

from memories.extraction.offline.irony import is_figure, is_mocking
from memories.extraction.offline.sentences import Clause, clauses
from memories.extraction.offline.vocabulary import words

_POLITE = (
    r"(?:please |kindly |now |then |also |just |can you |could you |would you |i want you to "
    r"|i need you to |let us |let's |lets |help me )*"
)
_GIVEN_TEXT = re.compile(
    rf"^{_POLITE}(?:translate|rewrite|rephrase|paraphrase|proofread|summari[sz]e|correct|edit|improve|shorten"
    rf"|polish|fix the (?:grammar|text)"
    rf"|(?:put|make|read|look at|explain|judge|tighten|answer)\b.{{0,40}}"
    rf"\b(?:this|these|the following|my \w+'s)\b.{{0,30}}"
    rf"\b(?:{'|'.join(sorted(words('kinds_of_text')))})\b|(?:practice|mock) (?:interview|exam|test|conversation)"
    r"|(?:do a |start a )?role[ -]?play|act as|act like|pretend"
    r"|continue (?:the|this|my) (?:story|scene|dialogue|chapter|poem|script)|quiz me|imagine you"
    r"|play a game where"
    r"|make this (?:\w+ )?(?:sound|better|shorter|more)|turn this into|turn the following|(?:here is"
    r"|this is) (?:my|the|a)"
    r" (?:essay|text|paragraph|draft|cover letter|email|poem|story|bio|intro|abstract)\b|(?:can"
    r"|could) you (?:please )?(?:fix"
    r"|check) (?:the|my) (?:grammar|spelling|english|text)|(?:check|fix|review) .{0,40}\b(?:typos?|grammar|spelling"
    r"|mistakes))\b",
    re.IGNORECASE,
)
_SCENARIO = re.compile(
    r"^(?:so |ok(?:ay)?,? |but |and |now |just )*(?:let'?s (?:say|assume|imagine|pretend|suppose)|suppose|supposing"
    r"|imagine|pretend|hypothetically|assume|assuming|what if|say (?:I|my|we)|in (?:this|a) (?:scenario|hypothetical)"
    r"|thought experiment|scenario|(?:i am|i'm|we are|we're) playing a (?:text|role)"
    r"|(?:example|sample|test) (?:input|text|data)|(?:my )?(?:first|next|example|practice) sentence)\b"
    r"|^[^.!?]{0,60}(?:\bin the abstract\b|\bfor (?:a|my|the) (?:story|novel|role[ -]?play)\b"
    r"|\bpoint of view of\b|: (?:say|suppose|imagine|let'?s say) (?:I|my|we)\b)"
    r"|^(?:write|tell|make up|give)\b[^.!?]{0,40}\b(?:story|diary entry|monologue|poem|dialogue|scene|letter from)\b"
    r"[^.!?]{0,80}\b(?:about|from|where|in which|by|of) (?:an?|the|someone)\b",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    rf"^{_POLITE}(?:write|tell|give|show|explain|help|make|list|create|suggest|recommend|find|describe|compare"
    rf"|generate|draft"
    r"|let (?:me|us)|remind me to|provide|calculate|check|look up|search|convert|define|check|add|include|try"
    r"|do not|go ahead|compose"
    r"|translate|rewrite|rephrase|paraphrase|proofread|summari[sz]e|correct|imagine|suppose|pretend|say|think of"
    r"|come up|use|design|solve|forget|ignore|disregard)\b",
    re.IGNORECASE,
)
_ASKED_INDIRECTLY = re.compile(
    r"\bI (?:was |am |have been )?(?:just |also |really )?(?:wonder(?:ing)?|curious|have (?:a|another|some"
    r"|one more|a few|a quick) (?:\w+ )?questions?"
    r"|(?:want(?:ed)?|need|would (?:like|love)|am trying|have been meaning) to (?:know|ask|understand|check"
    r"|see (?:how|if"
    r"|whether|what|some|more|which|the)"
    r"|make sure|hear|find out|figure out|confirm|clarify)"
    r"|need (?:some |your |a bit of |a )?(?:help|advice|tips?|ideas?|suggestions?|recommendations?|recipe)"
    r"|(?:do not|did not) (?:know(?! any| much)|understand|get|remember)|appreciate|hope (?:this|that|you|it)"
    r"|will (?:try"
    r"|check|look|do|keep|definitely|give|let|start by|consider|make sure|be sure)"
    r"|think (?:I will|that|this|it)|see\b(?! (?:an?|my|the|him|her|them)\b)|get it|understand\b|agree"
    r"|am (?:not )?sure|bet\b|mean\b|(?:would"
    r"|could|should|might|may)(?! (?:love|like|rather)\b))",
    re.IGNORECASE,
)
_HYPOTHETICAL = re.compile(
    r"\b(?:if (?:I|we|my)\b|if only|even if|what if|suppose|supposing|imagine|pretend|unless|in case I"
    r"|let us say|hypothetically|assuming|I wish|as if|maybe I|perhaps I"
    r"|would you|were I to|I (?:wish|dream(?:ed|t)?|had a dream)\b|in my dream|in the (?:story|novel|game|movie"
    r"|film|book) I"
    r"|in (?:another|a parallel) (?:life|universe|world)"
    r"|when I (?:retire|grow up|win|am rich)|some ?day I|one day I|theoretically|in theory|had I|my character"
    r"|for the sake of|if (?:only|you|money|someone|there|it)\b|let us (?:say|assume|pretend)"
    r"|feel like I am|feels like I am"
    r"|as though)",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"\b(?:he|she|they|who|someone|people|[A-Z][a-z]+|[Mm]y (?!doctor|doc|gp|dentist|therapist|physician"
    r"|nurse|vet|psychiatrist|specialist)\w+) (?:said|says|told me|tells me|thinks?|claims?|asked(?: me)?"
    r"|believes?|joked?)\b|\bI (?:said|told you|mentioned|thought)\b",
)
_QUOTES = re.compile(
    r"\b(?!I\b|doctor|doc\b|gp\b|dentist|psychiatrist|nurse|vet\b|therapist|physician|specialist|neurologist|physio)"
    r"\w+ (?:said|says|told me|tells me"
    r"|wrote|writes|texted(?: me)?|asked(?: me)?|goes|was like|be like|replied|claims?)"
    r"(?: that)?,? ?(?:$|I\b|my\b)|\b(?:lyrics|quote|the line|the song|chorus) ",
)
"""Words that introduce another's; whatever follows in the sentence is theirs."""
_LONG = re.compile(
    r"\bfor (?:\w+ ){0,3}(?:weeks|months|years|ages)\b|\b(?:since|lately|always|usually|every|these days"
    r"|chronic\w*|constantly"
    r"|all my life|most (?:days|nights|mornings)|all the time|in general)\b",
    re.IGNORECASE,
)
"""What makes a mood or a pain more than one of the moment."""
_NOW = re.compile(
    r"^I (?:am|have|feel|need|want|do not|did not|cannot|get|keep|think|could not|just have|am having|have to|had"
    r"|had to)\b"
    r".*\b(?:today|tonight|right now|at the moment|this (?:morning|afternoon|evening|minute|second)|at the office"
    r"|in (?:a|an|\d+) (?:minutes?|hours?|secs?|seconds?|sec|min))\b",
    re.IGNORECASE,
)
_PASSING_STATE = re.compile(
    r"^I (?:am|was|feel|felt|have been|have been feeling|am feeling)"
    r"(?: (?:so|very|a bit|a little|really|just|still|pretty|too|all)){0,3}"
    r" (?:hungry|thirsty|tired|exhausted|sick of|fed up|frustrated|annoyed|nervous|excited|relieved|curious"
    r"|wondering|down"
    r"|sleepy|bored|busy|late|early|stuck|confused|lost|done|ready|back|fine|good"
    r"|great|okay|ok|well|happy"
    r"|sad|sorry|glad|sure|here|home|at home|at work|cold|hot|in a (?:hurry|rush|meeting))\b",
    re.IGNORECASE,
)
_VAGUE_TASTE = re.compile(
    r"^I(?: \w+){0,2} (?:like|love|hate|enjoy|prefer|adore|did|do|am|was|have|will)(?: (?:it|that|this|them"
    r"|these|those|your|the (?:idea|sound|first|second|last|look|way|suggestion)s?)\b.*)?$",
    re.IGNORECASE,
)
_PERSONAL = re.compile(r"\b(?:I|my|me|mine)\b", re.IGNORECASE)
_OTHERS = re.compile(
    r"^(?:he|she|they|his|her|their|it|its|you|your|this|that|these|those|there|which|who|someone|people|everyone"
    r"|let|the (?:first|second|last|other) one)\b",
    re.IGNORECASE,
)
_FINITE = re.compile(r"\b(?:is|are|was|were|has|had|will|would|can|could|does|did)\b", re.IGNORECASE)
_EMPTY_WORDS = words("empty")
_WORD = re.compile(r"[^\W\d_]+")
_FOREIGN = words("foreign")
_ENGLISH = words("english")


def is_about_given_text(sentence: str) -> bool:
    """Tells whether the rest of the message is not the speaker's own word: a text to correct, a role, a scenario."""
    return bool(_GIVEN_TEXT.match(sentence) or _SCENARIO.match(sentence))


def statements(sentence: str) -> Iterator[Clause]:
    """Yields the clauses of a sentence that its speaker states and means, in their order."""
    if _REQUEST.match(sentence) or is_mocking(sentence) or not is_english(sentence):
        return
    for clause in clauses(sentence):
        if _HYPOTHETICAL.search(clause.text) or _QUOTES.search(clause.text):
            return
        if not clause.is_question:
            yield clause


def is_english(text: str) -> bool:
    """Tells whether a sentence reads as English by its small words and letters; a few words are given the benefit."""
    words = [word.lower() for word in _WORD.findall(text)]
    if not words:
        return False
    if sum(word.isascii() for word in words) < 0.6 * len(words):
        return False
    foreign = sum(word in _FOREIGN for word in words)
    return foreign < 2 or foreign < sum(word in _ENGLISH for word in words)


def says_anything(clause: str) -> bool:
    """Tells whether a clause holds a word that says something by itself."""
    return any(word.lower() not in _EMPTY_WORDS for word in _WORD.findall(clause))


def is_of_others(clause: str) -> bool:
    """Tells whether a clause is about what is not the speaker's, or not named: "Rome is old", "She lives there"."""
    return bool(_OTHERS.match(clause)) or (bool(_FINITE.search(clause)) and not _PERSONAL.search(clause))


def is_hopeless(signs: frozenset[str]) -> bool:
    """Tells whether the signs hold a doubt that is reason enough to drop a clause."""
    return not _HOPELESS.isdisjoint(signs)


def is_hypothetical(sentence: str) -> bool:
    """Tells whether a sentence speaks of what is not so but might be."""
    return bool(_HYPOTHETICAL.search(sentence))


def may_be_meant(clause: str) -> bool:
    """Tells whether a clause speaks of its speaker and nothing speaks against it: then patterns are tried."""
    return bool(_PERSONAL.search(clause)) and not doubts_of(clause)


def doubts_of(clause: str) -> frozenset[str]:
    """Returns the reasons not to take a clause for something that lasts; none where nothing speaks against it."""
    return frozenset(name for name, is_so in _DOUBTS.items() if is_so(clause))


def _is_passing(clause: str) -> bool:
    return not _LONG.search(clause) and bool(_PASSING_STATE.match(clause) or _NOW.match(clause))


_HOPELESS = frozenset(("asked", "vague taste", "figure", "passing"))
_DOUBTS: dict[str, Callable[[str], object]] = {
    "request": _REQUEST.match,
    "asked": _ASKED_INDIRECTLY.search,
    "reported": _REPORTED.search,
    "vague taste": _VAGUE_TASTE.match,
    "figure": is_figure,
    "passing": _is_passing,
}
