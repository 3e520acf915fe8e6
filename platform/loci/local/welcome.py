"""The last words of a start: what a person needs next."""

import json

from loci.env import env
from loci.local.home import Home


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
            "    Stop       Ctrl-C",
            "",
        ]
    )


def _extractor() -> str:
    if not (env("LLM_API_KEY") or env("OPENAI_API_KEY")):
        return "offline extractor (rules; set LLM_API_KEY for a language model)"
    return _model("LLM", env("LLM_PROVIDER", "openai"))


def _embedder() -> str:
    provider = env("EMBEDDING_PROVIDER", "local")
    return "bundled MiniLM (local)" if provider == "local" else _model("EMBEDDING", provider)


def _model(kind: str, provider: str) -> str:
    model = env(f"{kind}_MODEL", "its default model")
    host = env(f"{kind}_BASE_URL", "its default host")
    return f"{provider}, {model}, {host}"
