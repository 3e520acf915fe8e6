"""The filter grammar of contract.md §4: JSON → a typed tree → SQL with bound parameters.

node = fold(data)                           # or parse(filters), where there is nothing but filters
require_scope(node)
Memory.objects.filter(to_q(node))
"""

from memories.retrieval.filters.parser import parse
from memories.retrieval.filters.request import fold, has_scope, named_entities, named_entity, owners, require_scope
from memories.retrieval.filters.sql import to_q, to_q_then
from memories.retrieval.filters.tree import EVERYTHING, And, Condition, Node, Not, Operator, Or

__all__ = [
    "EVERYTHING",
    "And",
    "Condition",
    "Node",
    "Not",
    "Operator",
    "Or",
    "fold",
    "has_scope",
    "named_entities",
    "named_entity",
    "owners",
    "parse",
    "require_scope",
    "to_q",
    "to_q_then",
]
