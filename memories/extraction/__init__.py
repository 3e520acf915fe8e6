"""Messages in, facts out: which extractor this deployment uses (design.md §3)."""

from django.utils import timezone

from loci.net.endpoint import endpoint
from memories.embedding import embedder, local_embedder
from memories.extraction.base import ExtractionInput, Extractor, InputMessage
from memories.extraction.offline import OfflineExtractor


def extractor() -> Extractor:
    """Returns the extractor for one job: by the model that is set up, or without any.

    Raises `ImproperlyConfigured` when a model is set up incompletely, and `loci.errors.NotNow` when it, or the embedder
    of what it finds, failed too often to be asked now: what the other one would do for the job is not worth its cost.
    """
    configured = endpoint()
    if configured is None:
        return OfflineExtractor(local_embedder())
    configured.breaker.check()
    embedder().check()
    from memories.extraction.llm import LLMExtractor  # noqa: PLC0415 - the SDK costs 38 MB where no model is set up

    return LLMExtractor(configured)


def warm_up() -> None:
    """Loads what the offline extractor needs, where it is used, so that the first add does not wait for that."""
    if endpoint() is None:
        greeting = InputMessage(role="user", content="I like tea.")
        OfflineExtractor(local_embedder()).extract(ExtractionInput(messages=[greeting], observed_at=timezone.now()))
