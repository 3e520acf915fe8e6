"""What is computed from a memory's text, always together."""

import hashlib
from collections.abc import Sequence
from typing import Any

from memories.embedding import embedder
from memories.embedding.base import Vectors
from memories.retrieval import analyzer


def text_hash(text: str) -> str:
    """Returns the MD5 of the text, the `hash` of the wire (contract.md §3.1)."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def vectors_of(texts: Sequence[str]) -> Vectors:
    """Returns the texts' embeddings, shape (len(texts), dimensions); never call it inside a transaction."""
    return embedder().embed(texts)


def searchable(text: str, vector: Any) -> dict[str, Any]:
    """Returns the columns by which a memory with this text is found."""
    return {
        "text": text,
        "hash": text_hash(text),
        "embedding": vector,
        "embedding_model": embedder().model,
        "terms": analyzer.tsvector(text),
        "term_count": len(analyzer.terms(text)),
    }
