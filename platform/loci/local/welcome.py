"""The last words of a start: what a person needs next."""

import json
from urllib.parse import urlsplit

from loci.env import env
from loci.local.home import Home
from loci.net.presets import PRESETS, Preset


def welcome(url: str, home: Home, *, is_first: bool) -> str:
    """Returns the lines for the terminal. Only the first start shows the API key; later ones name the file it is in."""
    key = f"see {home.credentials}"
    if is_first:
        key = f"{json.loads(home.credentials.read_text())['api_key']}  (also in {home.credentials})"
    return "\n".join(
        [
            "",
            "  Loci is running.",
            f"    Host       {url}",
            f"    API key    {key}",
            f"    Reference  {url}/docs",
            f"    Extractor  {_extractor()}",
            f"    Embedder   {_embedder()}",
            *(f"    Reranker   {reranker}" for reranker in _rerankers()),
            "    Stop       Ctrl-C",
            "",
        ]
    )


def _extractor() -> str:
    provider = env("LLM_PROVIDER", "openai")
    preset = PRESETS.get(provider, Preset())
    has_key = env("LLM_API_KEY") or (provider == "openai" and env("OPENAI_API_KEY"))
    if not (has_key or preset.local):
        return "offline extractor (rules; set LLM_API_KEY for a language model)"
    return _model(env("LLM_MODEL", preset.model), env("LLM_BASE_URL", preset.base_url))


def _embedder() -> str:
    if env("EMBEDDING_PROVIDER", "local") == "local":
        return "bundled MiniLM (local)"
    return _model(env("EMBEDDING_MODEL"), env("EMBEDDING_BASE_URL", PRESETS["openai"].base_url))


def _rerankers() -> list[str]:
    """The one that questions and memories are sent to, if any."""
    if env("RERANK_PROVIDER") == "llm":
        return ["the language model"]
    address = env("RERANK_BASE_URL")
    return [_model(env("RERANK_MODEL", "the model"), address)] if address else []


def _model(name: str, base_url: str) -> str:
    return f"{name} at {urlsplit(base_url).hostname}"
