"""What is remembered, and how it came to be (design.md §2)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from pgvector.django import HalfVectorField

from loci.tenancy.models import TenantForeignKey
from memories.fields import TSVectorField
from memories.models.base import Attributed, Scoped
from memories.models.events import Event

MAX_TOPIC = 200


class Trust(models.TextChoices):
    """Who vouches for a text, the most trusted first (reliability.md §2.11)."""

    USER = "user"
    ASSISTANT = "assistant"
    EXTERNAL = "external"
    """Documents, web pages, tools: whoever wrote it is not part of the conversation."""


class Lifetime(models.TextChoices):
    """How long something will matter, as an extractor judges it."""

    LASTING = "lasting"
    TEMPORARY = "temporary"
    """For days or months: a plan, a visit, an illness that passes."""
    MOMENTARY = "momentary"
    """Now only. Such a fact is not kept."""


class MemoryState(models.TextChoices):
    """Active memories are found; superseded ones were made untrue by another, merged into one, or hidden by a review;
    deleted ones have no text left."""

    ACTIVE = "active"
    SUPERSEDED = "superseded"
    DELETED = "deleted"


def _index_of(kind: str) -> models.Index:
    return models.Index(
        fields=["project", f"{kind}_id", "created_at"],
        name=f"memory_of_{kind}",
        condition=Q((f"{kind}_id__isnull", False)),
    )


class Memory(Scoped):
    """An identity. What it says now is here, for search; what it said when is in its revisions.

    `embedding` is a unit vector of the model named by `embedding_model`; vectors of other models are never compared.
    `event_time` is when what it says happens, `topics` are the things that it names, `topic_keys` the same for
    comparison, `relations` what it says of them, each `{"source", "relation", "target"}`. `flags` tell what is suspect.
    `term_count` is the length of the text in analyzed terms, and `analyzer` the version of the analyzer that made them,
    0 where there are none. A `verbatim` one is a message as it was said; it `follows` the one before it in the
    conversation, which may be gone (`memories.resolution.conversation`). `speaker_name` is who said it, where the
    application gave a name. `created_at` is when it was first said, `recorded_at` the database's own time of the row,
    by which deletions tell what was there.
    """

    text = models.TextField()
    hash = models.CharField(max_length=32)
    metadata = models.JSONField(null=True)
    categories = ArrayField(models.CharField(max_length=100), null=True)
    event_time = models.DateTimeField(null=True)
    lifetime = models.CharField(max_length=16, choices=Lifetime, default=Lifetime.LASTING, db_default=Lifetime.LASTING)
    importance = models.PositiveSmallIntegerField(null=True)
    topics = ArrayField(models.CharField(max_length=MAX_TOPIC), default=list, db_default=[])
    topic_keys = ArrayField(models.CharField(max_length=MAX_TOPIC), default=list, db_default=[])
    relations = models.JSONField(default=list, db_default=[])
    trust = models.CharField(max_length=16, choices=Trust, default=Trust.USER, db_default=Trust.USER)
    flags = ArrayField(models.CharField(max_length=32), default=list, db_default=[])
    embedding = HalfVectorField(null=True)
    embedding_model = models.CharField(max_length=100, blank=True, default="")
    terms = TSVectorField(null=True)
    term_count = models.PositiveIntegerField(default=0)
    analyzer = models.SmallIntegerField(default=0, db_default=1)
    verbatim = models.BooleanField(default=False, db_default=False)
    follows = models.UUIDField(null=True)
    speaker_name = models.CharField(max_length=256, blank=True, default="", db_default="")
    state = models.CharField(max_length=16, choices=MemoryState, default=MemoryState.ACTIVE)
    immutable = models.BooleanField(default=False)
    expires_on = models.DateField(null=True)
    replaced_by = TenantForeignKey("memories.Memory", null=True)
    version = models.IntegerField(default=1)
    recorded_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "memory"
        indexes = [
            models.Index(fields=["project", "user_id", "created_at"], name="memory_user"),
            _index_of("agent"),
            _index_of("app"),
            _index_of("run"),
            models.Index(fields=["project", "created_at"], name="memory_newest"),
            models.Index(fields=["project", "hash"], name="memory_hash"),
            models.Index(
                fields=["project", "replaced_by"], name="memory_superseded", condition=Q(replaced_by__isnull=False)
            ),
            models.Index(fields=["project", "follows"], name="memory_follows", condition=Q(follows__isnull=False)),
            models.Index(
                fields=["project", "expires_on"],
                name="memory_expiry",
                condition=Q(expires_on__isnull=False) & ~Q(state=MemoryState.DELETED),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Cause(models.TextChoices):
    """Why a revision was recorded."""

    ADD = "ADD"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    REPEAT = "REPEAT"
    """The same was said again: nothing to show, but the time counts when an older statement arrives late."""
    SPLIT = "SPLIT"
    """The rest of an interval in which a late, older statement was inserted, or which was closed."""


EDITOR = "api"
"""The speaker of a change through the API."""


SHOWN_CAUSES = (Cause.ADD, Cause.UPDATE, Cause.DELETE)
"""What history shows (contract.md §3.3)."""


class Revision(Scoped, Attributed):
    """What a memory said during [`valid_from`, `valid_to`), as believed during [`recorded_from`, `recorded_to`).

    What a row says never changes, except that `recorded_to` is set once, and that deletion empties its text. Current
    belief is `recorded_to IS NULL`. `event`, `sources` (message positions), `speaker` (a message's role) and
    `speaker_name`, `actor_id` and `key_id`, `extractor` (with its model and prompt) and `trust` say where it came from.
    `embedding`, `embedding_model`, `terms`, `term_count` and `analyzer` are those of its text, for searches in the
    past; they are set once the memory says something else, which has its own (`timeline.keep_findable`).

    `own_words` are what was really said by who repeated what the memory says, in the same words or in others; `judged`
    is what was judged of it beside its text (`memories.resolution.judgement`). Both serve to take others back.
    """

    memory = TenantForeignKey(Memory)
    text = models.TextField()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    recorded_from = models.DateTimeField(default=timezone.now)
    recorded_to = models.DateTimeField(null=True)
    cause = models.CharField(max_length=16, choices=Cause)
    event = TenantForeignKey(Event, null=True)
    sources = ArrayField(models.IntegerField(), default=list)
    speaker = models.CharField(max_length=32, blank=True, default="")
    speaker_name = models.CharField(max_length=256, blank=True, default="", db_default="")
    trust = models.CharField(max_length=16, choices=Trust, default=Trust.USER, db_default=Trust.USER)
    extractor = models.CharField(max_length=100, blank=True, default="")
    attribute_key = models.CharField(max_length=100, blank=True, default="", db_default="")
    attribute_value = models.TextField(blank=True, default="")
    embedding = HalfVectorField(null=True)
    embedding_model = models.CharField(max_length=100, blank=True, default="", db_default="")
    terms = TSVectorField(null=True)
    term_count = models.IntegerField(default=0, db_default=0)
    analyzer = models.SmallIntegerField(default=0, db_default=1)
    own_words = models.TextField(null=True)  # noqa: DJ001 - NULL is "no repetition"
    judged = models.JSONField(null=True)

    class Meta:
        db_table = "revision"
        indexes = [
            models.Index(fields=["project", "memory", "recorded_from"], name="revision_memory"),
            models.Index(fields=["project", "memory", "valid_from"], name="revision_said"),
            models.Index(fields=["project", "event"], name="revision_event"),
            models.Index(
                fields=["project", "key_id", "memory"],
                name="revision_key",
                condition=Q(key_id__isnull=False, recorded_to__isnull=True),
            ),
            models.Index(
                fields=["project", "recorded_from", "id"],
                name="revision_shown",
                condition=Q(cause__in=[cause.value for cause in SHOWN_CAUSES]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cause} of {self.memory_id}"


class Decision(models.TextChoices):
    """What became of a fact in the quarantine."""

    RELEASED = "released"
    DISCARDED = "discarded"


class Quarantined(Scoped):
    """A fact that reads like an instruction, until somebody decides (`memories.resolution.quarantine`).

    `fact` is everything that is needed to resolve it then, and empty once it is decided.
    """

    event = TenantForeignKey(Event)
    fact = models.JSONField()
    flags = ArrayField(models.CharField(max_length=32), default=list, db_default=[])
    reason = models.TextField()
    decision = models.CharField(max_length=16, choices=Decision, blank=True, default="", db_default="")
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "quarantine"
        indexes = [
            models.Index(fields=["project", "created_at", "id"], name="quarantine_open", condition=Q(decision="")),
            models.Index(fields=["project", "event"], name="quarantine_event"),
        ]

    def __str__(self) -> str:
        return str(self.id)
