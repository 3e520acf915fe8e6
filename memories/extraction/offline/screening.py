"""What is dropped before any pattern is tried: questions, requests, hypotheticals, pleasantries, other languages."""

import re
from collections.abc import Iterator, Sequence

from memories.extraction.offline.sentences import clauses
from memories.extraction.offline.vocabulary import words

_POLITE = (
    r"(?:please |kindly |now |then |also |just |can you |could you |would you |i want you to "
    r"|i need you to |let us |help me )*"
)
_GIVEN_TEXT = re.compile(
    rf"^{_POLITE}(?:translate|rewrite|rephrase|paraphrase|proofread|summari[sz]e|correct|edit|improve|shorten"
    rf"|polish|fix the (?:grammar|text)"
    r"|role-?play|act as|pretend|continue (?:the|this) story|imagine you)\b",
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
    r"|(?:want(?:ed)?|need|would (?:like|love)|am trying|have been meaning) to (?:know|ask|understand|see|check"
    r"|make sure|hear|find out|figure out|confirm|clarify)"
    r"|need (?:some |your |a bit of |a )?(?:help|advice|tips?|ideas?|suggestions?|recommendations?|recipe)"
    r"|(?:do not|did not) (?:know|understand|get|remember)|appreciate|hope (?:this|that|you|it)|will (?:try"
    r"|check|look|do|keep|definitely|give|let|start by|consider|make sure|be sure)"
    r"|think (?:I will|that|this|it)|see\b|get it|understand\b|agree|am (?:not )?sure|bet\b|mean\b|(?:would"
    r"|could|should|might|may)(?! (?:love|like|rather)\b))",
    re.IGNORECASE,
)
_HYPOTHETICAL = re.compile(
    r"\b(?:if (?:I|we|my)\b|if only|even if|what if|suppose|supposing|imagine|pretend|unless|in case I"
    r"|let us say|hypothetically|assuming|I wish|as if|maybe I|perhaps I"
    r"|would you|were I to)",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"\b(?:he|she|they|who|someone|people|[A-Z][a-z]+|[Mm]y (?!doctor|dentist|therapist|physician"
    r"|specialist)\w+) (?:said|says|told me|tells me|thinks?|claims?|asked(?: me)?|believes?|joked?)\b"
    r"|\bI (?:said|told you|mentioned|thought)\b",
)
_PASSING_STATE = re.compile(
    r"^I (?:am|was|feel|felt|have been|have been feeling|am feeling)"
    r"(?: (?:so|very|a bit|a little|really|just|still|pretty|too|all)){0,3}"
    r" (?:hungry|thirsty|tired|sleepy|bored|busy|late|early|stuck|confused|lost|done|ready|back|fine|good"
    r"|great|okay|ok|well|happy"
    r"|sad|sorry|glad|sure|here|home|at home|at work|cold|hot|in a (?:hurry|rush|meeting))\b",
    re.IGNORECASE,
)
_VAGUE_TASTE = re.compile(
    r"^I(?: \w+){0,2} (?:like|love|hate|enjoy|prefer|adore|did|do|am|was|have|will)(?: (?:it|that|this|them"
    r"|these|those|your|the (?:idea|sound|first|second|last|look|way|suggestion)s?)\b.*)?$",
    re.IGNORECASE,
)
_UNDECIDED = re.compile(
    r"^I (?:(?:am|was|have been)(?: \w+ly| still| also| just)? (?:thinking (?:of|about)|considering"
    r"|looking (?:for|at|to|into)|trying to"
    r"|wondering|leaning|interested in|going to (?:try|check|start|do|use|make|look|take a look|give)|excited"
    r"|glad|happy|worried|concerned|sure)"
    r"|(?:can|cannot|will|need|needs|have to|had to|should|must|guess|heard|have heard|realized|noticed|feel|felt) )",
    re.IGNORECASE,
)
_EMPTY_WORDS = words("empty")
_WORD = re.compile(r"[^\W\d_]+")
_FOREIGN = words("foreign")
_ENGLISH = words("english")


def statements(message_sentences: Sequence[str]) -> Iterator[str]:
    """Yields the clauses that may state something about the speaker, in the order of the sentences."""
    for sentence in message_sentences:
        if _GIVEN_TEXT.match(sentence):
            return
        if _REQUEST.match(sentence) or not is_english(sentence):
            continue
        for clause in clauses(sentence):
            if _HYPOTHETICAL.search(clause.text):
                break
            if not clause.is_question and _states_something(clause.text):
                yield clause.text


def is_english(text: str) -> bool:
    """Tells whether a sentence reads as English by its small words and letters; a few words are given the benefit."""
    words = [word.lower() for word in _WORD.findall(text)]
    if not words:
        return False
    if sum(word.isascii() for word in words) < 0.6 * len(words):
        return False
    foreign = sum(word in _FOREIGN for word in words)
    return foreign < 2 or foreign < sum(word in _ENGLISH for word in words)


def is_personal(clause: str) -> bool:
    """Tells whether a clause speaks of its speaker at all."""
    return bool(re.search(r"\b(?:I|my|me|mine)\b", clause, re.IGNORECASE))


def says_enough(clause: str) -> bool:
    """Tells whether a clause that no pattern knows is worth judging: decided, and not made of pronouns alone."""
    content = {word for word in (word.lower() for word in _WORD.findall(clause)) if word not in _EMPTY_WORDS}
    return len(content) >= 2 and bool(re.match(r"(?:I|my)\b", clause, re.IGNORECASE)) and not _UNDECIDED.match(clause)


def _states_something(clause: str) -> bool:
    return not (
        _REQUEST.match(clause)
        or _ASKED_INDIRECTLY.search(clause)
        or _REPORTED.search(clause)
        or _VAGUE_TASTE.match(clause)
        or _PASSING_STATE.match(clause)
    )
