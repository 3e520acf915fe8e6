"""The offline extractor: sentences -> clauses -> screening -> patterns and a classifier -> facts.

`python -m tests.extraction.train` learns what the classifier keeps from the development conversations.
"""

from memories.extraction.offline.extractor import OfflineExtractor

__all__ = ["OfflineExtractor"]
