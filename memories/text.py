"""What is computed from a memory's text, always together."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from memories.embedding import embedder
from memories.embedding.base import Vectors
from memories.models import Lifetime, Trust
from memories.retrieval import analyzer

FOUND_BY = ("embedding", "embedding_model", "terms", "term_count", "analyzer")
"""The columns by which a text is found: of a memory those of its text, of a revision those of a text of the past."""
NOT_FOUND_BY: Mapping[str, Any] = {
    "embedding": None,
    "embedding_model": "",
    "terms": None,
    "term_count": 0,
    "analyzer": 0,
}
NOT_JUDGED: Mapping[str, Any] = {
    "categories": None,
    "event_time": None,
    "lifetime": Lifetime.LASTING,
    "importance": None,
    "topics": [],
    "topic_keys": [],
    "relations": [],
    "trust": Trust.USER,
}
"""What an extractor judged of one text of a memory says nothing of another."""


def text_hash(text: str) -> str:
    """Returns the MD5 of the text, the `hash` of the wire (contract.md §3.1)."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def vectors_of(texts: Sequence[str]) -> Vectors:
    """Returns the texts' embeddings, shape (len(texts), dimensions); never call it inside a transaction."""
    return embedder().embed(texts)


def searchable(text: str, vector: Any) -> dict[str, Any]:
    """Returns the columns by which a memory with this text is found."""
    return {"text": text, "hash": text_hash(text), **found_by(text, vector)}


def found_by(text: str, vector: Any) -> dict[str, Any]:
    """Returns the columns `FOUND_BY` of this text."""
    return {"embedding": vector, "embedding_model": embedder().model, **analyzed(text)}


def analyzed(text: str) -> dict[str, Any]:
    """Returns those of the columns `FOUND_BY` that hold the text's words."""
    return {
        "terms": analyzer.tsvector(text),
        "term_count": len(analyzer.terms(text)),
        "analyzer": analyzer.VERSION,
    }
