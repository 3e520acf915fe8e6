"""The offline extractor: sentences -> clauses -> screening -> patterns, or the nearest prototypes -> facts."""

from memories.extraction.offline.extractor import OfflineExtractor

__all__ = ["OfflineExtractor"]
