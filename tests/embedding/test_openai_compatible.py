from collections.abc import Iterator

import numpy as np
import pytest

from loci.errors import DependencyError
from memories.embedding.openai_compatible import OpenAICompatibleEmbedder
from tests.fakes.embedding import Answer, Endpoint, embedding_endpoint, failing, giving, hang


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with embedding_endpoint() as server:
        yield server


def test_it_works(endpoint: Endpoint) -> None:
    embedder = endpoint.embedder()
    vectors = embedder.embed(["abc", "", "a" * 7])
    np.testing.assert_allclose(vectors, np.array([[3, 1], [1, 1], [7, 1]]) / np.sqrt([[10], [2], [50]]), atol=1e-6)
    assert vectors.dtype == np.float32
    assert (embedder.model, embedder.dimensions) == ("small", 2)
    assert endpoint.received == [{"model": "small", "input": ["abc", " ", "a" * 7], "encoding_format": "float"}]
    assert endpoint.keys == ["Bearer sk-test"]


def test_dimensions_are_asked_for_when_nothing_was_embedded_yet(endpoint: Endpoint) -> None:
    assert endpoint.embedder().dimensions == 2


def test_no_text_has_no_vector(endpoint: Endpoint) -> None:
    assert endpoint.embedder().embed([]).shape == (0, 2)


def test_many_texts_are_sent_in_batches(endpoint: Endpoint) -> None:
    assert endpoint.embedder().embed(["text"] * 600).shape == (600, 2)
    assert [len(request["input"]) for request in endpoint.received] == [256, 256, 88]


def test_large_texts_are_sent_in_smaller_batches(endpoint: Endpoint) -> None:
    endpoint.embedder().embed(["x" * 8_000] * 80)
    assert [len(request["input"]) for request in endpoint.received] == [37, 37, 6]


def test_a_long_text_is_the_mean_of_its_windows(endpoint: Endpoint) -> None:
    endpoint.answers = [giving([1, 0], [0, 1], [3, 3])]
    vectors = endpoint.embedder().embed(["x" * 8_001, "short"])
    np.testing.assert_allclose(vectors, np.full((2, 2), np.sqrt(0.5)), atol=1e-6)
    assert [len(text) for text in endpoint.received[0]["input"]] == [8_000, 1, 5]


def test_a_character_on_the_edge_of_a_window_makes_no_empty_input(endpoint: Endpoint) -> None:
    endpoint.embedder().embed(["x" * 7_999 + "é"])
    assert endpoint.received[0]["input"] == ["x" * 7_999]


def test_a_huge_text_is_read_at_16_places(endpoint: Endpoint) -> None:
    endpoint.embedder().embed(["".join(f"{number:08}" for number in range(100_000))])
    windows = endpoint.received[0]["input"]
    assert len(windows) == 16
    assert (windows[0][:8], windows[-1][:8]) == ("00000000", "00099000")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failure_that_may_pass_is_tried_twice_more(endpoint: Endpoint, status: int) -> None:
    endpoint.answers = [failing(status), failing(status)]
    assert endpoint.embedder().embed(["a"]).shape == (1, 2)
    endpoint.answers = [failing(status)] * 3
    with pytest.raises(DependencyError):
        endpoint.embedder().embed(["a"])
    assert len(endpoint.received) == 6


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refusal_fails_at_once_and_does_not_repeat_the_text(endpoint: Endpoint, status: int) -> None:
    endpoint.answers = [failing(status)]
    with pytest.raises(DependencyError) as error:
        endpoint.embedder().embed(["a secret"])
    assert str(status) in str(error.value)
    assert "a secret" not in str(error.value)
    assert len(endpoint.received) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(giving([1.0, 2.0]), id="too few"),
        pytest.param(giving([1, 2], [1, 2], [1, 2]), id="too many"),
        pytest.param(giving([1, 2], [1]), id="of different lengths"),
        pytest.param(giving([1, 2], [0, 0]), id="without a direction"),
        pytest.param(giving([1, 2], ["x", "y"]), id="not numbers"),
        pytest.param(giving([1, 2], [1, float("nan")]), id="not finite"),
        pytest.param(giving([], []), id="empty"),
        pytest.param(lambda texts: (200, {"object": "list"}), id="no data"),
        pytest.param(lambda texts: (200, {"data": [{"index": 7, "embedding": [1, 2]}] * 2}), id="wrong numbers"),
    ],
)
def test_an_answer_that_does_not_fit_is_a_failure(endpoint: Endpoint, answer: Answer) -> None:
    endpoint.answers = [answer]
    with pytest.raises(DependencyError):
        endpoint.embedder().embed(["a", "b"])


def test_a_change_of_dimensions_is_a_failure(endpoint: Endpoint) -> None:
    embedder = endpoint.embedder()
    embedder.embed(["a"])
    endpoint.answers = [giving([1, 2, 3])]
    with pytest.raises(DependencyError, match="from 2 to 3 dimensions"):
        embedder.embed(["a"])


def test_an_endpoint_that_hangs_is_given_up(endpoint: Endpoint) -> None:
    endpoint.answers = [hang(endpoint)]
    with pytest.raises(DependencyError, match="in time"):
        endpoint.embedder(budget_s=0.3).embed(["a"])


def test_an_endpoint_that_is_not_there_is_a_failure() -> None:
    embedder = OpenAICompatibleEmbedder(model="small", base_url="http://127.0.0.1:1/v1", budget_s=0.2)
    with pytest.raises(DependencyError, match="cannot be reached"):
        embedder.embed(["a"])
