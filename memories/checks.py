"""What must be right in the settings before anything starts."""

from collections.abc import Callable
from typing import Any

from django.core.checks import Error, register
from django.core.exceptions import ImproperlyConfigured

from loci.net.endpoint import endpoint
from memories.embedding import embedder
from memories.retrieval.reranking import check_reranker

TAG = "models"


@register(TAG)
def check_models(**_: Any) -> list[Error]:
    """Returns what is missing or unknown in the settings of the language model, the embedder and the reranker."""
    return [
        *_check(endpoint, "memories.E001"),
        *_check(embedder, "memories.E002"),
        *_check(check_reranker, "memories.E003"),
    ]


def _check(make: Callable[[], Any], name: str) -> list[Error]:
    try:
        make()
    except ImproperlyConfigured as error:
        return [Error(str(error), id=name)]
    return []
