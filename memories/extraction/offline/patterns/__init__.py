"""All patterns, by subject. To teach the extractor a new way of saying something, add a pattern to its module."""

from memories.extraction.offline.patterns import health, life, people, places, tastes, tools, wants, work
from memories.extraction.offline.patterns.base import Match, Pattern

PATTERNS: list[Pattern] = [
    *people.PATTERNS,
    *places.PATTERNS,
    *work.PATTERNS,
    *health.PATTERNS,
    *wants.PATTERNS,
    *tastes.PATTERNS,
    *tools.PATTERNS,
    *life.PATTERNS,
]

__all__ = ["PATTERNS", "Match", "Pattern"]
