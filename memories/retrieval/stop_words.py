"""English words that say how a sentence is built, and not what it is about.

Words that are names, months or countries too (may, will, us) are not among them: a rare word counts for little anyway.
"""

_ARTICLES_AND_CONJUNCTIONS = "a an the and but or nor if because while so than that though although whether"
_PRONOUNS = (
    "i me my mine myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers "
    "herself it its itself they them their theirs themselves this these those who whom whose which what"
)
_VERBS = "am is are was were be been being do does did doing done have has had having would could should shall can"
_PREPOSITIONS = "of at by for with about against between into through during to from in on off over under upon as"
_ADVERBS = "not no then there here when where why how too very just also only again once ever"
_NEGATED = "is are was were do does did has have had would could should might must need ca wo sha ai"
_JOINED = "i'm i've i'll i'd let's"

STOP_WORDS = frozenset(
    " ".join([_ARTICLES_AND_CONJUNCTIONS, _PRONOUNS, _VERBS, _PREPOSITIONS, _ADVERBS, _JOINED]).split()
) | {f"{verb}n't" for verb in _NEGATED.split()}
