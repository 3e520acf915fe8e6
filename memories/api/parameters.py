"""What lists and searches may ask (contract.md §5.2, §5.4 to §5.6, §5.8, §5.9)."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from loci.http.aliases import query_list
from memories.api.description import example
from memories.api.fields import IgnoredField, TimestampField, ZonedTimestampField
from memories.api.filters_schema import FILTERS_REFERENCE
from memories.api.serializers import Input
from memories.past import Moment
from memories.queries import Visibility
from memories.retrieval.filters import Node
from memories.retrieval.searching import Search
from memories.retrieval.weighing import Weights
from orgs.queries import Place

MAX_QUERY = 8_000
MAX_TOP_K = 1_000
_MOMENT = "Epoch seconds, or an ISO date-time; a date alone is its first moment, both in UTC if no zone is named."


@extend_schema_field(FILTERS_REFERENCE)
class FiltersField(serializers.JSONField):
    """The filters of a request, for its description: `memories.retrieval.filters` reads them."""


@extend_schema_field({"type": ["string", "array", "object"]})
class ConditionField(serializers.JSONField):
    """One field of the filters that stands beside them, for the description as well."""

    def __init__(self, says: str) -> None:
        super().__init__(required=False, help_text=f"{says} As in `filters`, which it narrows with AND.")


@extend_schema_field(
    {
        "anyOf": [
            {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 64}, "maxItems": 50},
            {"type": "string", "description": "Names with commas between."},
        ]
    }
)
class NamesField(serializers.ListField):
    """A list of names, or one text of them with commas between."""

    child = serializers.CharField(max_length=64)

    def to_internal_value(self, data: Any) -> list[str]:
        """Returns the names."""
        return super().to_internal_value(query_list([data]) if isinstance(data, str) else data)


class OutputFormatField(serializers.CharField):
    """The shape of an older answer."""

    def __init__(self) -> None:
        super().__init__(
            required=False, max_length=16, help_text="v1.1 answers v1 and v2 with an object; v3 always does."
        )


class MomentInput(Input):
    """The time that is asked about."""

    as_of = TimestampField(
        required=False, help_text=f"Answers with what held at that time, as it is known now. {_MOMENT}"
    )
    known_at = TimestampField(
        required=False,
        help_text=f"Answers with what was known at that time; of `as_of`, where that is given. {_MOMENT}",
    )

    def moment(self) -> Moment | None:
        """Returns the time that is asked about; None for now."""
        as_of, known_at = self.validated_data.get("as_of"), self.validated_data.get("known_at")
        return Moment(as_of, known_at) if as_of or known_at else None


class FindInput(MomentInput):
    """What all lists and searches ask (contract.md §5.2 to §5.9).

    The filters and what stands beside them are for the description: `memories.retrieval.filters.fold` reads them.
    """

    ignored: ClassVar[Sequence[str]] = ("enable_graph", "version", "api_version", "source")

    filters = FiltersField(required=False, help_text="Whose memories, and which of them; v3 requires it.")
    user_id = ConditionField("The user that the memories are about.")
    agent_id = ConditionField("The agent that the memories are about.")
    app_id = ConditionField("The app that the memories are about.")
    run_id = ConditionField("The run that the memories are about; `session_id` is its older name.")
    metadata = ConditionField("Keys and values that the memories' metadata must have.")
    categories = ConditionField("Categories, of which a memory must have one.")
    keywords = ConditionField("What the memories' text must contain.")
    start_date = serializers.CharField(required=False, help_text="The first day or moment of `created_at`, inclusive.")
    end_date = serializers.CharField(required=False, help_text="The last day or moment of `created_at`, inclusive.")
    show_expired = serializers.BooleanField(default=False, help_text="Whether expired memories are shown too.")
    include_superseded = serializers.BooleanField(
        required=False,
        help_text="Whether memories that newer ones made untrue are shown too. Default: the project's setting.",
    )
    include_merged = serializers.BooleanField(
        default=False,
        help_text="Whether memories that were merged into others are shown too, where no other time is asked about.",
    )
    latest_only = serializers.BooleanField(
        default=False,
        help_text="Whether only what holds now is shown; it wins over `include_superseded` and `include_merged`.",
    )
    fields_ = NamesField(required=False, max_length=50, help_text="The keys to answer with; `id` always is.")

    def get_fields(self) -> dict[str, Any]:
        """Gives `fields` its wire name, which is taken in Python, and adds what is ignored."""
        fields = super().get_fields()
        fields["fields"] = fields.pop("fields_")
        return {**fields, **{name: IgnoredField() for name in self.ignored}}

    def visibility(self, *, superseded: bool) -> Visibility:
        """Returns what is to be shown in a project that by itself shows superseded memories or does not."""
        given = self.validated_data
        days = (given.get(name) for name in ("as_of", "known_at", "reference_date"))
        return Visibility(
            expired=given["show_expired"],
            superseded=given.get("include_superseded", superseded) and not given["latest_only"],
            merged=given["include_merged"] and not given["latest_only"],
            today=next((day.astimezone(UTC).date() for day in days if day), None),
            moment=self.moment(),
        )


@example({"filters": {"user_id": "alex"}})
class FiltersOnly(Input):
    """The body of a v1 list, which is a GET."""

    filters = FiltersField(required=False, help_text="Whose memories, and which of them; v3 requires it.")


class PagedInput(FindInput):
    """What lists ask beside their page, which `loci.http.pagination` reads."""

    page = serializers.IntegerField(required=False, min_value=1, help_text="As in the query string, which wins.")
    page_size = serializers.IntegerField(required=False, min_value=1, help_text="As in the query string, which wins.")


@example({"filters": {"user_id": "alex"}, "page": 1, "page_size": 50})
class ListInput(PagedInput):
    """The parameters of a list of v3."""

    ignored = (*FindInput.ignored, "top_k", "output_format")


@example({"filters": {"user_id": "alex"}})
class OlderListInput(PagedInput):
    """The parameters of a list of v1 and v2."""

    top_k = serializers.IntegerField(
        required=False, min_value=1, help_text="How many memories to list, at most 200, where no page is asked for."
    )
    output_format = OutputFormatField()


@example({"query": "Where does she live?", "filters": {"user_id": "alex"}, "top_k": 10})
class SearchInput(FindInput):
    """The parameters of a search."""

    ignored = (*FindInput.ignored, "use_criteria")

    query = serializers.CharField(max_length=MAX_QUERY, help_text="What is looked for, in plain language.")
    top_k = serializers.IntegerField(
        default=10, min_value=1, max_value=MAX_TOP_K, help_text="The most hits to answer with; `limit` is its old name."
    )
    threshold = serializers.FloatField(
        required=False,
        min_value=0,
        max_value=1,
        help_text="The least absolute score of a hit. Default: 0 in v1, 0.1 in v2 and v3.",
    )
    reference_date = ZonedTimestampField(
        required=False,
        help_text=(
            "When it is for this search, from which `last week` is understood, in days of its time zone. What had"
            " expired is not found."
        ),
    )
    output_format = OutputFormatField()
    rerank = serializers.BooleanField(
        default=False,
        help_text=(
            "Whether a reranker has the last word on the order. `X-Rerank` says whether it did: where none is set up,"
            " or it fails, the order stays as it is."
        ),
    )
    keyword_search = serializers.BooleanField(
        default=False, help_text="Whether memories that hold words of the query are hits below the threshold too."
    )
    filter_memories = serializers.BooleanField(
        default=False, help_text="Whether only what is clearly relevant is a hit; it wins over `keyword_search`."
    )
    only_metadata_based_search = serializers.BooleanField(
        default=False,
        help_text=(
            "Whether the filters alone find, the newest first: `query`, `threshold` and `rerank` mean nothing then, and"
            " every score is 1."
        ),
    )
    max_tokens = serializers.IntegerField(
        required=False,
        min_value=1,
        help_text=(
            "The most tokens that the texts of all hits may have together, by estimate: one for every four bytes. The"
            " best hits that fit are answered, and `X-Context-Tokens` says how many tokens they have."
        ),
    )

    explain = serializers.BooleanField(
        default=False,
        help_text=(
            "Whether each hit says why it was found. Answers that are objects also tell of candidates that are no hits,"
            " and why."
        ),
    )

    def search(self, where: Node, *, threshold: float, here: Place) -> Search:
        """Returns what is looked for where `where` admits it, in a project with this threshold."""
        given = self.validated_data
        return Search(
            given["query"],
            where,
            top_k=given["top_k"],
            threshold=given.get("threshold", threshold),
            visibility=self.visibility(superseded=here.shows_superseded),
            weights=Weights(decay=here.decays, feedback=here.has_feedback),
            reference=given.get("reference_date"),
            words=given["keyword_search"],
            only_clear=given["filter_memories"],
            by_filters_alone=given["only_metadata_based_search"],
            rerank=given["rerank"],
            max_tokens=given.get("max_tokens"),
            explain=given["explain"],
        )
