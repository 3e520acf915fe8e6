"""The embedder behind any endpoint that speaks OpenAI's `/embeddings`, self-hosted ones included."""

from collections.abc import Iterator, Sequence

import numpy as np
import openai
from openai.types import CreateEmbeddingResponse

from loci.errors import DependencyError
from loci.net.endpoint import Endpoint
from loci.net.llm import Budget, call, client
from loci.net.presets import PRESETS, Preset
from memories.embedding.base import Vectors
from memories.embedding.windows import mean_of_windows, normalized, spread

WINDOW_BYTES = 8_000
"""A byte-level token is at least one byte, so a window fits into the 8,192 tokens that OpenAI's models read."""
MAX_WINDOWS = 16
BATCH_INPUTS = 256
BATCH_BYTES = 300_000
"""By the same reasoning, OpenAI's limit of 300,000 tokens in one request is kept."""
BUDGET_S = 30.0


class OpenAICompatibleEmbedder:
    """Embeds by HTTP, with the retries and the breaker of `loci.net.llm`, within `budget_s` seconds for one `embed`.

    A text of more than 8,000 bytes is the normalized mean of windows of it, at most 16, evenly spread.
    """

    def __init__(self, *, model: str, api_key: str = "", base_url: str = "", budget_s: float = BUDGET_S) -> None:
        # A self-hosted server may want no key, but the SDK does.
        self._endpoint = Endpoint(
            "embedding", base_url or PRESETS["openai"].base_url, api_key or "none", model, Preset()
        )
        self._budget_s = budget_s
        self._dimensions: int | None = None

    @property
    def model(self) -> str:
        """Returns the name by which the endpoint knows the model."""
        return self._endpoint.model

    @property
    def dimensions(self) -> int:
        """Returns the length of the first vector that the endpoint gave; asks for one when there was none yet.

        Raises `DependencyError` as `embed` does.
        """
        return self._dimensions or self.embed(["dimensions"]).shape[1]

    def check(self) -> None:
        """Raises `loci.errors.NotNow` where the endpoint failed too often to be asked now."""
        self._endpoint.breaker.check()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Returns an array of shape (len(texts), dimensions), float32, each row of length 1.

        Raises `DependencyError` when the endpoint cannot be reached, refuses, or answers with vectors that do not
        fit the texts or the earlier vectors, and `RuntimeError` inside of a transaction.
        """
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        budget = Budget(self._budget_s)
        windows = [(number, window) for number, text in enumerate(texts) for window in _windows(text)]
        vectors = [self._embed_batch(batch, budget) for batch in _batches([window for _, window in windows])]
        return mean_of_windows(np.concatenate(vectors), np.array([number for number, _ in windows], dtype=np.intp))

    def _embed_batch(self, batch: list[str], budget: Budget) -> Vectors:
        def send(timeout: openai.Timeout) -> Vectors:
            # Floats, because many compatible servers know no base64, which is the SDK's default.
            embeddings = (
                client(self._endpoint.base_url, self._endpoint.api_key).with_options(timeout=timeout).embeddings
            )
            answer = embeddings.create(model=self.model, input=batch, encoding_format="float")
            return self._checked(_vectors(answer), len(batch))

        return normalized(call(send, endpoint=self._endpoint, budget=budget))

    def _checked(self, vectors: Vectors, texts: int) -> Vectors:
        if len(vectors) != texts or not np.isfinite(vectors).all() or not vectors.any(axis=1).all():
            raise DependencyError(f"The embedding endpoint did not answer one vector to each of {texts} texts.")
        self._dimensions = self._dimensions or vectors.shape[1]
        if vectors.shape[1] != self._dimensions:
            raise DependencyError(
                f"The embedding endpoint changed from {self._dimensions} to {vectors.shape[1]} dimensions."
            )
        return vectors


def _vectors(answer: CreateEmbeddingResponse) -> Vectors:
    """Reads the vectors in the order of their inputs; the SDK does not validate what a server answers."""
    try:
        by_index = {item.index: item.embedding for item in answer.data}
        vectors = np.array([by_index[index] for index in range(len(answer.data))], dtype=np.float32)
        return vectors.reshape(len(vectors), -1)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise DependencyError("The embedding endpoint did not answer a list of vectors.") from None


def _windows(text: str) -> list[str]:
    # A character that a cut goes through is dropped, and an empty input, which endpoints refuse, is a space.
    encoded = text.encode(errors="replace")
    starts = range(0, len(encoded), WINDOW_BYTES)
    windows = [encoded[start : start + WINDOW_BYTES].decode(errors="ignore") for start in starts]
    return spread([window for window in windows if window] or [" "], MAX_WINDOWS)


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """Cuts texts into batches that keep `BATCH_INPUTS` and `BATCH_BYTES`."""
    batch: list[str] = []
    size = 0
    for text in texts:
        weight = len(text.encode())
        if batch and (len(batch) == BATCH_INPUTS or size + weight > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += weight
    if batch:
        yield batch
