import time
from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.test import override_settings
from pydantic import BaseModel

from loci.errors import DependencyError
from loci.net import breaker, presets
from loci.net import llm as calling
from loci.net.breaker import CircuitOpen
from loci.net.chat import Completion, complete
from loci.net.endpoint import Endpoint, endpoint
from loci.net.llm import READ_TIMEOUT_S, BadRequest, Budget
from tests.fakes.llm import FakeLLM, Fault
from tests.fakes.settings import use


class Greeting(BaseModel):
    word: str


@pytest.fixture
def llm() -> Iterator[FakeLLM]:
    with FakeLLM(answers=lambda data: {"word": data["hello"]}) as server, use(server):
        yield server


def configured() -> Endpoint:
    found = endpoint()
    assert found
    return found


def ask(*, seconds: float = 10) -> Completion:
    messages = [{"role": "system", "content": "Answer in JSON."}, {"role": "user", "content": '{"hello": "there"}'}]
    return complete(configured(), messages, Greeting, Budget(seconds))


def test_an_answer_comes_with_its_cost(llm: FakeLLM) -> None:
    assert ask() == Completion('{"word": "there"}', tokens_in=100, tokens_out=20)
    assert llm.headers[0]["authorization"] == "Bearer test-key"


@pytest.mark.parametrize("fault", [Fault.ERROR_500, Fault.RATE_LIMITED])
def test_a_passing_failure_is_tried_again(llm: FakeLLM, fault: Fault) -> None:
    llm.script(fault)
    assert ask().text == '{"word": "there"}'
    assert llm.calls == 2


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no pause before a further attempt."""
    monkeypatch.setattr(calling, "PAUSES_S", (0.0, 0.0))


@pytest.mark.usefixtures("at_once")
def test_a_lasting_failure_is_tried_three_times(llm: FakeLLM) -> None:
    llm.fault = Fault.ERROR_500
    with pytest.raises(DependencyError, match="answered 500"):
        ask()
    assert llm.calls == 3


def test_retry_after_is_honoured(llm: FakeLLM) -> None:
    llm.script(Fault.RATE_LIMITED)
    started = time.monotonic()
    ask()
    assert time.monotonic() - started >= 1


def test_a_retry_after_beyond_the_budget_is_handed_on(llm: FakeLLM) -> None:
    llm.fault = Fault.RATE_LIMITED
    with pytest.raises(DependencyError) as failure:
        ask(seconds=0.9)
    assert failure.value.retry_after == 1
    assert llm.calls == 1


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.DRIP])
def test_no_call_outlives_the_budget(llm: FakeLLM, fault: Fault) -> None:
    llm.fault = fault
    started = time.monotonic()
    with pytest.raises(DependencyError):
        ask(seconds=0.5)
    assert 0.4 < time.monotonic() - started < READ_TIMEOUT_S
    assert llm.calls == 1


@pytest.mark.parametrize("fault", [Fault.NOT_HTTP_JSON, Fault.TRUNCATED, Fault.UNAUTHORIZED])
def test_an_unusable_answer_is_not_asked_for_again(llm: FakeLLM, fault: Fault) -> None:
    llm.fault = fault
    with pytest.raises(DependencyError):
        ask()
    assert llm.calls == 1


def test_an_endless_answer_is_not_read_to_its_end(llm: FakeLLM) -> None:
    llm.fault = Fault.HUGE
    with pytest.raises(DependencyError, match="too long"):
        ask()


def test_a_long_answer_within_a_readable_body_is_refused(llm: FakeLLM) -> None:
    llm.script("x" * (64 * 1024 + 1))
    with pytest.raises(DependencyError, match="too long"):
        ask()


@pytest.mark.usefixtures("at_once")
def test_a_server_that_is_not_there_is_a_failed_dependency(llm: FakeLLM) -> None:
    llm.stop()
    with pytest.raises(DependencyError, match="cannot be reached"):
        ask()


def test_the_circuit_opens_and_then_nothing_is_sent(llm: FakeLLM) -> None:
    llm.fault = Fault.UNAUTHORIZED
    for _ in range(5):
        with pytest.raises(DependencyError, match="401"):
            ask()
    with pytest.raises(CircuitOpen) as refused:
        ask()
    assert refused.value.retry_after
    assert llm.calls == 5


def test_a_call_that_opens_the_circuit_has_failed_itself(llm: FakeLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "MAX_FAILED_IN_A_ROW", 1)
    llm.fault = Fault.ERROR_500
    with pytest.raises(DependencyError, match="answered 500"):
        ask()
    assert llm.calls == 1
    with pytest.raises(CircuitOpen):
        configured().breaker.check()


def test_a_refused_request_does_not_open_the_circuit(llm: FakeLLM) -> None:
    llm.refused_formats = frozenset({"json_schema", "tool", "json_object"})
    for _ in range(6):
        with pytest.raises(BadRequest):
            ask()


@pytest.mark.parametrize(
    ("refused", "asked"),
    [
        ([], ["json_schema"]),
        (["json_schema"], ["json_schema", "tool"]),
        (["json_schema", "tool"], ["json_schema", "tool", "json_object"]),
    ],
)
def test_the_next_format_is_asked_for_when_one_is_refused_and_remembered(
    llm: FakeLLM, refused: list[str], asked: list[str]
) -> None:
    llm.refused_formats = frozenset(refused)
    ask()
    assert ask().text == '{"word": "there"}'
    assert [asked_format(body) for body in llm.requests] == [*asked, asked[-1]]


def asked_format(body: dict[str, dict[str, str]]) -> str:
    return "tool" if "tools" in body else body["response_format"]["type"]


def test_the_length_of_answers_is_limited(llm: FakeLLM) -> None:
    ask()
    with use(llm, provider="groq"):
        ask()
    assert llm.requests[0]["max_completion_tokens"] == llm.requests[1]["max_tokens"] == 8192


def test_a_job_may_ask_four_times(llm: FakeLLM) -> None:
    budget = Budget(10)
    for _ in range(4):
        complete(configured(), [{"role": "user", "content": '{"hello": "you"}'}], Greeting, budget)
    with pytest.raises(DependencyError):
        complete(configured(), [{"role": "user", "content": '{"hello": "you"}'}], Greeting, budget)
    assert llm.calls == 4


def test_a_model_is_never_called_inside_a_transaction(llm: FakeLLM, database: None) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside of a transaction"):
        ask()
    assert llm.calls == 0
    ask()


def test_what_the_endpoint_says_stays_out_of_the_error(llm: FakeLLM) -> None:
    llm.refused_formats = frozenset({"json_schema", "tool", "json_object"})
    with pytest.raises(DependencyError) as failure:
        ask()
    assert "not supported" not in str(failure.value)


def test_without_a_key_there_is_no_model() -> None:
    with override_settings(LLM_PROVIDER="openai", LLM_API_KEY=""):
        assert endpoint() is None


def test_a_key_alone_selects_the_presets_model() -> None:
    with override_settings(LLM_PROVIDER="openai", LLM_API_KEY="key", LLM_BASE_URL="", LLM_MODEL=""):
        assert configured().host == "api.openai.com"
        assert configured().model == presets.PRESETS["openai"].model


def test_a_local_model_needs_no_key_and_has_a_longer_budget() -> None:
    with override_settings(LLM_PROVIDER="ollama", LLM_API_KEY="", LLM_BASE_URL="", LLM_MODEL="qwen3:8b"):
        assert configured().base_url == "http://localhost:11434/v1"
    assert presets.default_budget_s("ollama") == 600
    assert presets.default_budget_s("openai") == 60


@pytest.mark.parametrize(
    ("provider", "named"),
    [("azure", "LLM_BASE_URL"), ("vllm", "LLM_MODEL"), ("bananas", "LLM_PROVIDER must be one of")],
)
def test_an_incomplete_set_up_is_told_in_one_sentence(provider: str, named: str) -> None:
    incomplete = override_settings(LLM_PROVIDER=provider, LLM_API_KEY="key", LLM_BASE_URL="", LLM_MODEL="")
    with incomplete, pytest.raises(ImproperlyConfigured, match=named):
        endpoint()


def test_every_provider_of_the_design_has_a_preset() -> None:
    named = "openai azure anthropic groq xai ollama lmstudio vllm together mistral gemini deepseek bedrock"
    assert set(presets.PRESETS) == set(named.split())
