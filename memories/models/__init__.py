"""What is remembered, and how it came to be (design.md §2)."""

from memories.models.base import Attributed, Scoped
from memories.models.derived import (
    Profile,
    ProfileJob,
    ProfileJobStatus,
    ProfileOperation,
    ProfileSettings,
    ProfileStatus,
    Summary,
)
from memories.models.entities import Attribute, Entity
from memories.models.events import OPEN_STATUSES, Blob, BlobForm, Event, EventStatus, EventType, Message
from memories.models.exports import Export, ExportFormat, ExportMethod
from memories.models.indexes import MAX_TERM, SearchIndex, TermStatistic
from memories.models.memories import (
    EDITOR,
    MAX_TOPIC,
    SHOWN_CAUSES,
    Cause,
    Decision,
    Lifetime,
    Memory,
    MemoryState,
    Quarantined,
    Revision,
    Trust,
)
from memories.models.reviews import Review, ReviewKind, ReviewState
from memories.models.use import Access, Feedback, Opinion

__all__ = [
    "EDITOR",
    "MAX_TERM",
    "MAX_TOPIC",
    "OPEN_STATUSES",
    "SHOWN_CAUSES",
    "Access",
    "Attribute",
    "Attributed",
    "Blob",
    "BlobForm",
    "Cause",
    "Decision",
    "Entity",
    "Event",
    "EventStatus",
    "EventType",
    "Export",
    "ExportFormat",
    "ExportMethod",
    "Feedback",
    "Lifetime",
    "Memory",
    "MemoryState",
    "Message",
    "Opinion",
    "Profile",
    "ProfileJob",
    "ProfileJobStatus",
    "ProfileOperation",
    "ProfileSettings",
    "ProfileStatus",
    "Quarantined",
    "Review",
    "ReviewKind",
    "ReviewState",
    "Revision",
    "Scoped",
    "SearchIndex",
    "Summary",
    "TermStatistic",
    "Trust",
]
