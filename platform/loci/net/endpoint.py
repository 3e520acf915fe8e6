"""Which model is set up, and where. Importing this costs nothing; `loci.net.llm` brings the SDK, 38 MB of it."""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from loci.net.breaker import Breaker
from loci.net.presets import PRESETS, Preset


@dataclass(frozen=True)
class Endpoint:
    """A model, and where it is reached. The host is the operator's own affair: no error names it."""

    provider: str
    base_url: str
    api_key: str
    model: str
    preset: Preset

    @property
    def host(self) -> str:
        """Returns the host, with its port where one is given."""
        return urlsplit(self.base_url).netloc

    @property
    def breaker(self) -> Breaker:
        """Returns the circuit breaker of this model at this host."""
        return Breaker(f"{self.provider}:{self.host}:{self.model}")


def vision_endpoint() -> Endpoint | None:
    """Returns the endpoint of `VISION_MODEL`, the model that describes images, or None when none is set up.

    Raises `ImproperlyConfigured` as `endpoint` does.
    """
    configured = endpoint() if settings.VISION_MODEL else None
    return replace(configured, model=settings.VISION_MODEL) if configured else None


def rerank_endpoint() -> Endpoint | None:
    """Returns the endpoint that the `RERANK_*` settings name, or None where they name none.

    Its model may be empty: a server that has only one needs no name of it. Raises `ImproperlyConfigured` for what is
    no address.
    """
    if not settings.RERANK_BASE_URL:
        return None
    if urlsplit(settings.RERANK_BASE_URL).scheme not in {"http", "https"}:
        raise ImproperlyConfigured("RERANK_BASE_URL must be an address, as https://api.example.com/v1.")
    return Endpoint("rerank", settings.RERANK_BASE_URL, settings.RERANK_API_KEY, settings.RERANK_MODEL, Preset())


def endpoint() -> Endpoint | None:
    """Returns the endpoint that the `LLM_*` settings name, or None when no model is set up.

    Raises `ImproperlyConfigured` when they name one incompletely.
    """
    preset = PRESETS.get(settings.LLM_PROVIDER)
    if preset is None:
        raise ImproperlyConfigured(f"LLM_PROVIDER must be one of {', '.join(PRESETS)}, not {settings.LLM_PROVIDER!r}.")
    if not (settings.LLM_API_KEY or preset.local):
        return None
    base_url, model = settings.LLM_BASE_URL or preset.base_url, settings.LLM_MODEL or preset.model
    for name, value in [("LLM_BASE_URL", base_url), ("LLM_MODEL", model)]:
        if not value:
            raise ImproperlyConfigured(f"LLM_PROVIDER={settings.LLM_PROVIDER} needs {name} too.")
    return Endpoint(settings.LLM_PROVIDER, base_url, settings.LLM_API_KEY or "none", model, preset)
