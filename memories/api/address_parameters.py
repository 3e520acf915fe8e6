"""Parameters in paths, query strings and headers, for their description."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from memories.api.answers import examples
from memories.api.fields import MAX_ID, MAX_PROPERTY_NAME
from memories.scope import EntityType

MEMORY_ID = OpenApiParameter(
    "memory_id",
    OpenApiTypes.UUID,
    OpenApiParameter.PATH,
    description="The memory's id.",
    examples=[OpenApiExample("Example", value=examples.MEMORY_ID)],
)
EVENT_ID = OpenApiParameter(
    "event_id",
    OpenApiTypes.UUID,
    OpenApiParameter.PATH,
    description="The event's id, as an add or a deletion answered with it.",
    examples=[OpenApiExample("Example", value=examples.EVENT_ID)],
)
QUARANTINE_ID = OpenApiParameter(
    "quarantine_id",
    OpenApiTypes.UUID,
    OpenApiParameter.PATH,
    description="The fact's id, as the list and the verdicts of events name it.",
    examples=[OpenApiExample("Example", value=examples.QUARANTINE_ID)],
)
REVIEW_ID = OpenApiParameter(
    "review_id",
    OpenApiTypes.UUID,
    OpenApiParameter.PATH,
    description="The review's id, as the list names it.",
    examples=[OpenApiExample("Example", value=examples.REVIEW_ID)],
)
PROFILE_JOB_ID = OpenApiParameter(
    "job_id",
    OpenApiTypes.UUID,
    OpenApiParameter.PATH,
    description="The id that the request for profiles was answered with.",
    examples=[OpenApiExample("Example", value=examples.PROFILE_JOB_ID)],
)
EXPORT_ID = OpenApiParameter(
    "export_id",
    OpenApiTypes.UUID,
    OpenApiParameter.PATH,
    description="The export's id, as its request was answered with it.",
    examples=[OpenApiExample("Example", value=examples.EXPORT_ID)],
)
EXPORT_METHOD = OpenApiParameter(
    "X-Export-Method",
    str,
    OpenApiParameter.HEADER,
    response=[200],
    enum=["llm", "deterministic"],
    description="There with a result: whether a language model filled the schema, or rules did.",
)
ENTITY_TYPE = OpenApiParameter(
    "entity_type",
    str,
    OpenApiParameter.PATH,
    description="What kind of entity it is.",
    enum=list(EntityType),
)
_NAME = {"type": "string", "minLength": 1, "maxLength": MAX_ID}


def _entity_name(parameter: str) -> OpenApiParameter:
    return OpenApiParameter(
        parameter,
        _NAME,
        OpenApiParameter.PATH,
        description="The id that the application gave; `/` and other signs may be encoded or not.",
        examples=[OpenApiExample("Example", value="alex")],
    )


ENTITY_NAME = _entity_name("entity_name")
ENTITY_ID = _entity_name("entity_id")
ENTITY_NUMBER = OpenApiParameter(
    "entity_id",
    {"type": "string", "pattern": "^-?[0-9]+$"},
    OpenApiParameter.PATH,
    description="The entity's `id`, a decimal integer.",
    examples=[OpenApiExample("Example", value="7")],
)
ATTRIBUTE_KEY = OpenApiParameter(
    "key",
    {"type": "string", "minLength": 1, "maxLength": MAX_PROPERTY_NAME},
    OpenApiParameter.PATH,
    description="The attribute's key.",
    examples=[OpenApiExample("Example", value="location")],
)

LIMIT = OpenApiParameter("limit", int, description="Another name of `page_size`.")
DEGRADED = OpenApiParameter(
    "X-Degraded",
    str,
    OpenApiParameter.HEADER,
    response=[200],
    enum=["embedding"],
    description="There where the meaning of the question could not be had, and only its words were looked for.",
)
MODEL_DEGRADED = OpenApiParameter(
    "X-Degraded",
    str,
    OpenApiParameter.HEADER,
    response=[200],
    enum=["llm"],
    description="There where the model that is set up failed or was too busy, and the answer was made without it.",
)
RERANK = OpenApiParameter(
    "X-Rerank",
    str,
    OpenApiParameter.HEADER,
    response=[200],
    enum=["done", "unavailable", "failed"],
    description=(
        "There with `rerank`. The order stays as it is where no reranker is set up (`unavailable`), and where it fails"
        " or takes too long (`failed`)."
    ),
)
CONTEXT_TOKENS = OpenApiParameter(
    "X-Context-Tokens",
    int,
    OpenApiParameter.HEADER,
    response=[200],
    description="There with `max_tokens`: how many tokens the texts of the hits have together, by estimate.",
)
OF_SEARCHES = [DEGRADED, RERANK, CONTEXT_TOKENS]
"""The headers that say something of the answer to a search."""
VERSION = OpenApiParameter("version", str, description="`v2` answers as v2 does; anything else means v1.")


def _object(name: str, description: str, example: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, description=description, examples=[OpenApiExample("Example", value=example)])


FILTERS_AND_METADATA = [
    _object("filters", "`Filters` as JSON.", '{"user_id": "alex"}'),
    _object(
        "metadata",
        "Keys and values of metadata, as JSON or as `metadata[key]=value`.",
        '{"trip": "Rome"}',
    ),
]
"""The objects that a query string can hold (contract.md §1.1)."""
BESIDE_FILTERS = [
    OpenApiParameter("categories", str, description="A category that they have."),
    OpenApiParameter("keywords", str, description="What their text contains."),
    OpenApiParameter("start_date", str, description="The first day or moment of `created_at`, inclusive."),
    OpenApiParameter("end_date", str, description="The last day or moment of `created_at`, inclusive."),
]
"""What narrows a deletion beside its ids and objects."""
