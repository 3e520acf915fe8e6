"""What is remembered, and how it came to be (design.md §2)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from pgvector.django import HalfVectorField

from loci.tenancy.models import ProjectTable, TenantForeignKey
from memories.fields import TSVectorField
from memories.scope import EntityType

MAX_TOPIC = 200
MAX_TERM = 64


class Scoped(ProjectTable):
    """A row that belongs to entities: the ids by which the application calls its user, agent, app and run."""

    user_id = models.CharField(max_length=256, null=True)  # noqa: DJ001 - NULL is "none", which filters ask for
    agent_id = models.CharField(max_length=256, null=True)  # noqa: DJ001 - as above
    app_id = models.CharField(max_length=256, null=True)  # noqa: DJ001 - as above
    run_id = models.CharField(max_length=256, null=True)  # noqa: DJ001 - as above

    class Meta:
        abstract = True


class Attributed(models.Model):
    """A row that says who asked for it: the person for whom the caller acted, and the API key, where it was one."""

    actor_id = models.UUIDField(null=True)
    key_id = models.UUIDField(null=True)

    class Meta:
        abstract = True


class EventType(models.TextChoices):
    """What the events endpoints call a request (contract.md §6.5, §8)."""

    ADD = "ADD"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    SEARCH = "SEARCH"
    GET_ALL = "GET_ALL"
    GET = "GET"
    DELETE_ALL = "DELETE_ALL"
    DELETE_USER = "DELETE_USER"
    ROLLBACK = "ROLLBACK"


class EventStatus(models.TextChoices):
    """The literal statuses of contract.md §8."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


OPEN_STATUSES = (EventStatus.PENDING, EventStatus.RUNNING)


class Event(Scoped, Attributed):
    """One asynchronous request, as the API shows it. Its messages are rows of their own, never part of `payload`.

    `results` holds the wire's result items, `verdicts` what became of every fact. `said_at` is when the messages were
    said: the order in which facts are believed, whatever the order in which they are processed.
    """

    event_type = models.CharField(max_length=32)
    status = models.CharField(max_length=16, choices=EventStatus, default=EventStatus.PENDING)
    payload = models.JSONField(default=dict)
    results = models.JSONField(default=list)
    verdicts = models.JSONField(default=list)
    error = models.TextField(blank=True, default="")
    said_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "event"
        indexes = [
            models.Index(fields=["project", "created_at"], name="event_newest"),
            models.Index(fields=["project", "user_id", "created_at"], name="event_user"),
            models.Index(fields=["project", "key_id", "created_at"], name="event_key"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.id} ({self.status})"


class Message(Scoped):
    """One message of an add, as `memories.screening` lets it be kept: without secrets and hidden characters.

    `flags` are what its content no longer shows. Once every memory that came from it is deleted, it leaves the
    extractor's context.
    """

    event = TenantForeignKey(Event)
    position = models.PositiveIntegerField()
    role = models.CharField(max_length=32)
    name = models.CharField(max_length=256, blank=True, default="")
    content = models.TextField()
    said_at = models.DateTimeField()
    flags = ArrayField(models.CharField(max_length=32), default=list, db_default=[])
    in_context = models.BooleanField(default=True)

    class Meta:
        db_table = "message"
        constraints = [models.UniqueConstraint(fields=["project", "event", "position"], name="message_once")]
        indexes = [
            models.Index(fields=["project", "user_id", "said_at"], name="message_user"),
            models.Index(fields=["project", "agent_id", "said_at"], name="message_agent"),
            models.Index(fields=["project", "app_id", "said_at"], name="message_app"),
            models.Index(fields=["project", "run_id", "said_at"], name="message_run"),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.event_id}"


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
    """Active memories are found; superseded ones were made untrue by another; deleted ones have no text left."""

    ACTIVE = "active"
    SUPERSEDED = "superseded"
    DELETED = "deleted"


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
            models.Index(fields=["project", "agent_id", "created_at"], name="memory_agent"),
            models.Index(fields=["project", "app_id", "created_at"], name="memory_app"),
            models.Index(fields=["project", "run_id", "created_at"], name="memory_run"),
            models.Index(fields=["project", "created_at"], name="memory_newest"),
            models.Index(fields=["project", "hash"], name="memory_hash"),
            models.Index(
                fields=["project", "replaced_by"], name="memory_superseded", condition=Q(replaced_by__isnull=False)
            ),
            models.Index(fields=["project", "follows"], name="memory_follows", condition=Q(follows__isnull=False)),
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


class Entity(ProjectTable):
    """A user, agent, app or run that memories are about. `number` is its id on the wire.

    `name` is the id that the application uses, `display_name` what people call it, where the application said so.
    """

    type = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in EntityType])
    name = models.CharField(max_length=256)
    number = models.BigIntegerField(db_default=models.Func(models.Value("entity_number"), function="nextval"))
    display_name = models.CharField(max_length=256, blank=True, default="", db_default="")
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "entity"
        constraints = [
            models.UniqueConstraint(fields=["project", "type", "name"], name="entity_once"),
            models.UniqueConstraint(fields=["project", "number"], name="entity_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.type}:{self.name}"


class Attribute(ProjectTable):
    """A structured fact of an entity: one current value per key, and the memory that says so."""

    entity = TenantForeignKey(Entity)
    key = models.CharField(max_length=100)
    value = models.TextField()
    memory = TenantForeignKey(Memory)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "attribute"
        constraints = [models.UniqueConstraint(fields=["project", "entity", "key"], name="attribute_once")]
        indexes = [models.Index(fields=["project", "memory"], name="attribute_memory")]

    def __str__(self) -> str:
        return f"{self.key} of {self.entity_id}"


class Access(Scoped):
    """When a memory was last read: by its id, or as a hit of a search; at most the last 20 times, the newest first.

    It is kept where the project's memories decay (`memories.lifecycle.accesses`). A row of its own: a memory carries
    vectors, and many are read every second.
    """

    memory = TenantForeignKey(Memory)
    times = ArrayField(models.DateTimeField())

    class Meta:
        db_table = "access"
        constraints = [models.UniqueConstraint(fields=["project", "memory"], name="access_once")]

    def __str__(self) -> str:
        return f"accesses of {self.memory_id}"


class Opinion(models.TextChoices):
    """What somebody thinks of a memory, in the words of the wire (contract.md §9.4)."""

    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"
    VERY_NEGATIVE = "VERY_NEGATIVE"


class Feedback(Scoped, Attributed):
    """What somebody thinks of what a memory says; no opinion once they took it back.

    Each person has one, and one more for each entity (`user:alex`) that keys of theirs are bound to: an application
    gives these to its users. `hash` is that of the text that was judged: of another text, it says nothing.
    """

    memory = TenantForeignKey(Memory)
    bound_to = models.CharField(max_length=300, blank=True, default="")
    opinion = models.CharField(max_length=16, choices=Opinion, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    hash = models.CharField(max_length=32)
    given_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "feedback"
        constraints = [
            models.UniqueConstraint(fields=["project", "memory", "actor_id", "bound_to"], name="feedback_once")
        ]

    def __str__(self) -> str:
        return f"{self.opinion} of {self.memory_id}"


class BlobForm(models.TextChoices):
    """What a blob holds: a piece of a file as it was sent, the URL of one, or a piece of a document's text."""

    FILE = "file"
    URL = "url"
    CHUNK = "chunk"


class Blob(Scoped):
    """Up to 1 MiB of a file that came with a message, until its event has read it, or it expires.

    `position` is the message's, `part` counts the files of the message from 1, `piece` what a file or its text was cut
    into. `kind` is what the file was sent as (`loci.media.kinds.Kind`).
    """

    event = TenantForeignKey(Event)
    position = models.PositiveIntegerField()
    part = models.PositiveIntegerField()
    piece = models.PositiveIntegerField(default=0)
    form = models.CharField(max_length=8, choices=BlobForm)
    kind = models.CharField(max_length=8)
    content = models.BinaryField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "blob"
        constraints = [
            models.UniqueConstraint(fields=["project", "event", "position", "part", "form", "piece"], name="blob_once"),
        ]
        indexes = [models.Index(fields=["project", "expires_at"], name="blob_expiry")]

    def __str__(self) -> str:
        return f"{self.form} {self.part} of message {self.position} of {self.event_id}"


class TermStatistic(ProjectTable):
    """How many memories of a large project hold a term, as `manage.py maintain` last counted them.

    Terms of few memories are left out: they would be most of the table, and might tell of a person who was erased.
    """

    term = models.CharField(max_length=MAX_TERM)
    documents = models.PositiveIntegerField()

    class Meta:
        db_table = "term_statistic"
        constraints = [models.UniqueConstraint(fields=["project", "term"], name="term_statistic_once")]

    def __str__(self) -> str:
        return str(self.id)


class SearchIndex(models.Model):
    """What `manage.py maintain` last saw of a project with more memories than are searched one by one.

    `ready` says that it has indexes of its own: of the terms, and of the vectors of `embedding_model`, which have
    `dimensions` numbers. Only the owner of the schema may write it.
    """

    project_id = models.UUIDField(primary_key=True)
    public_id = models.CharField(max_length=64)
    memories = models.PositiveIntegerField()
    embedding_model = models.CharField(max_length=100)
    dimensions = models.PositiveIntegerField()
    ready = models.BooleanField(default=False)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "search_index"

    def __str__(self) -> str:
        return str(self.project_id)
