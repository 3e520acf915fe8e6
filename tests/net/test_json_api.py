from collections.abc import Iterator

import pytest

from loci.errors import DependencyError
from loci.local.programs import free_port
from loci.net import json_api
from loci.net.json_api import JsonApi, Refused
from tests.fakes.site import Site


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as server:
        yield server


@pytest.fixture
def api(site: Site) -> Iterator[JsonApi]:
    with JsonApi(f"http://127.0.0.1:{site.port}", "Token secret", pauses_s=()) as api:
        yield api


def test_an_answer_is_decoded_and_the_key_is_sent(api: JsonApi, site: Site) -> None:
    assert api.post("/any", {"a": 1}, page=2) == {"hello": "there"}
    (seen,) = site.requests
    assert (seen.path, seen.body, seen.headers["Authorization"]) == ("/any?page=2", b'{"a":1}', "Token secret")


def test_a_redirect_is_not_followed(api: JsonApi, site: Site) -> None:
    with pytest.raises(Refused, match="at another address"):
        api.get("/redirect")
    assert site.paths == ["/redirect"]


@pytest.mark.parametrize("path", ["/large", "/bomb"])
def test_an_answer_that_is_too_large_is_not_read_to_its_end(
    api: JsonApi, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_api, "MAX_ANSWER_BYTES", 1024**2)
    with pytest.raises(DependencyError, match="too large"):
        api.get(path)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/zipped", "did not answer with JSON"),
        ("/just-small-enough", "did not answer with JSON"),
        ("/cut", "cannot be reached"),
        ("/nonsense", "cannot be reached"),
    ],
)
def test_what_is_no_answer_is_an_error_of_one_sentence(api: JsonApi, path: str, sentence: str) -> None:
    with pytest.raises(DependencyError, match=sentence):
        api.get(path)


def test_silence_ends_after_the_timeout_and_is_tried_again(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    monkeypatch.setattr(json_api, "READ_TIMEOUT_S", 0.2)
    with JsonApi(f"http://127.0.0.1:{site.port}", "Token secret", pauses_s=(0.01,)) as impatient:
        impatient.get("/any")
        with pytest.raises(DependencyError, match="did not answer in time"):
            impatient.get("/silent")
    assert site.paths == ["/any", "/silent", "/silent"]


def test_a_service_that_goes_away_is_tried_again(site: Site) -> None:
    with JsonApi(f"http://127.0.0.1:{site.port}", "Token secret", pauses_s=(0.01, 0.01)) as patient:
        patient.get("/any")
        with pytest.raises(DependencyError, match="cannot be reached"):
            patient.get("/cut")
    assert site.paths == ["/any", "/cut", "/cut", "/cut"]


def test_an_address_at_which_nobody_is_gets_its_sentence_at_once() -> None:
    with (
        JsonApi(f"http://127.0.0.1:{free_port()}", "Token secret") as api,
        pytest.raises(DependencyError, match="cannot be reached"),
    ):
        api.get("/")


@pytest.mark.parametrize("address", ["http://host:port", "http://host\n"])
def test_what_is_no_address_is_said_at_once(address: str) -> None:
    with pytest.raises(DependencyError, match="is not an address"):
        JsonApi(address, "Token secret")
