"""The model providers that Loci knows by name (design.md §3): data only, so that settings may read it."""

from dataclasses import dataclass
from enum import StrEnum

HOSTED_BUDGET_S = 60
LOCAL_BUDGET_S = 600


class AnswerFormat(StrEnum):
    """The ways to ask an endpoint for JSON, the strictest first."""

    JSON_SCHEMA = "json_schema"
    TOOL = "tool"
    JSON_OBJECT = "json_object"


@dataclass(frozen=True)
class Preset:
    """One provider's OpenAI-compatible endpoint. An empty `base_url` or `model` is one that the operator must give."""

    base_url: str = ""
    model: str = ""
    local: bool = False
    """Runs on the operator's own machines: needs no key and may take long."""
    answer_format: AnswerFormat = AnswerFormat.JSON_SCHEMA
    """The format to ask for first. Formats that an endpoint silently ignores are skipped this way."""
    limit_field: str = "max_tokens"
    """The request's field that limits the answer's length in tokens."""

    @property
    def budget_s(self) -> int:
        """Returns the default of `LLM_BUDGET_S`: the seconds that one job may spend on a model."""
        return LOCAL_BUDGET_S if self.local else HOSTED_BUDGET_S


PRESETS = {
    "openai": Preset("https://api.openai.com/v1", "gpt-5.4-mini", limit_field="max_completion_tokens"),
    "azure": Preset(limit_field="max_completion_tokens"),
    "anthropic": Preset("https://api.anthropic.com/v1", "claude-haiku-4-5", answer_format=AnswerFormat.TOOL),
    "groq": Preset("https://api.groq.com/openai/v1", "openai/gpt-oss-20b"),
    "xai": Preset("https://api.x.ai/v1", "grok-4-1-fast-non-reasoning"),
    "together": Preset("https://api.together.xyz/v1", "openai/gpt-oss-20b"),
    "mistral": Preset("https://api.mistral.ai/v1", "mistral-small-latest"),
    "gemini": Preset("https://generativelanguage.googleapis.com/v1beta/openai", "gemini-flash-lite-latest"),
    "deepseek": Preset("https://api.deepseek.com/v1", "deepseek-v4-flash", answer_format=AnswerFormat.TOOL),
    "bedrock": Preset("https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1", "openai.gpt-oss-20b-1:0"),
    "ollama": Preset("http://localhost:11434/v1", local=True),
    "lmstudio": Preset("http://localhost:1234/v1", local=True),
    "vllm": Preset("http://localhost:8000/v1", local=True),
}
"""By the value of `LLM_PROVIDER`."""


def default_budget_s(provider: str) -> int:
    """Returns the default of `LLM_BUDGET_S` for `provider`; an unknown one is refused later, where it is used."""
    return PRESETS.get(provider, Preset()).budget_s
