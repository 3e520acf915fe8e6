"""The addresses of the memory API (contract.md §5 to §8)."""

from django.urls import register_converter
from django.urls.converters import StringConverter

from loci.http.routes import route
from memories.api.adding import AddView
from memories.api.attributes import AttributesView, AttributeView
from memories.api.batch import Batch2025View, BatchView
from memories.api.consolidating import ConsolidationView
from memories.api.entities import EntitiesView, EntityFiltersView, EntityView, NumberedEntityView
from memories.api.events import EventsView, EventView
from memories.api.exporting import DownloadView, ExportsView, ExportView, GetExportView
from memories.api.feedback import FeedbackStatsView, FeedbackView
from memories.api.history import EntityMemoriesView, HistoryView, ProjectHistoryView
from memories.api.listing import ListV2View, ListView
from memories.api.memories import MemoryView
from memories.api.profiles import ProfileJobsView, ProfileJobView, ProfileSettingsView, ProfileView
from memories.api.quarantine import QuarantinedView, QuarantineView, ReleaseView
from memories.api.registering import AgentsView, AppsView, RunsView, UsersView
from memories.api.reviews import ApproveView, EditView, RejectView, ReviewsView, ReviewView, UndoView
from memories.api.rolling_back import RollbackView
from memories.api.searching import SearchV1View, SearchV2View, SearchView
from memories.api.stats import StatsView
from memories.api.summary import SummaryView
from memories.api.v1 import MemoriesV1View
from memories.scope import EntityType


class MemoryIdConverter(StringConverter):
    """What may stand for a memory's id: anything but a type of entities, one of which may be called "history"."""

    regex = f"(?!({'|'.join(EntityType)})/)[^/]+"


register_converter(MemoryIdConverter, "memory")

urlpatterns = [
    route("v3/memories/add/", AddView.as_view(), name="add"),
    route("v3/memories/search/", SearchView.as_view(), name="search"),
    route("v3/memories/", ListView.as_view(), name="list"),
    route("v2/memories/search/", SearchV2View.as_view(), name="search-v2"),
    route("v2/memories/", ListV2View.as_view(), name="list-v2"),
    route("v1/memories/search/", SearchV1View.as_view(), name="search-v1"),
    route("v1/memories/", MemoriesV1View.as_view(), name="memories-v1"),
    route("v1/memories/events/", ProjectHistoryView.as_view(), name="project-history"),
    route("v1/memories/batch/", Batch2025View.as_view(), name="batch-2025"),
    route("v1/batch/", BatchView.as_view(), name="batch"),
    route("v1/memories/rollback/", RollbackView.as_view(), name="rollback"),
    route("v1/memories/<memory:memory_id>/history/", HistoryView.as_view(), name="history"),
    route("v1/memories/<str:entity_type>/<path:entity_name>/", EntityMemoriesView.as_view(), name="entity-memories"),
    route("v1/memories/<str:memory_id>/", MemoryView.as_view(), name="memory"),
    route("v1/event/<str:event_id>/", EventView.as_view(), name="event"),
    route("v1/events/", EventsView.as_view(), name="events"),
    route("v1/entities/", EntitiesView.as_view(), name="entities"),
    route("v1/entities/filters/", EntityFiltersView.as_view(), name="entity-filters"),
    # What ends like these is never the name of an entity here: such a one is read by v2.
    route("v1/entities/<str:entity_type>/<path:entity_name>/attributes/", AttributesView.as_view(), name="attributes"),
    route(
        "v1/entities/<str:entity_type>/<path:entity_name>/attributes/<str:key>/",
        AttributeView.as_view(),
        name="attribute",
    ),
    route("v1/entities/<str:entity_type>/<path:entity_id>/", NumberedEntityView.as_view(), name="numbered-entity"),
    route("v2/entities/<str:entity_type>/<path:entity_id>/profile/", ProfileView.as_view(), name="profile"),
    route("v2/entities/<str:entity_type>/<path:entity_id>/", EntityView.as_view(), name="entity"),
    route("v1/users/", UsersView.as_view(), name="users"),
    route("v1/agents/", AgentsView.as_view(), name="agents"),
    route("v1/apps/", AppsView.as_view(), name="apps"),
    route("v1/runs/", RunsView.as_view(), name="runs"),
    route("v1/quarantine/", QuarantineView.as_view(), name="quarantine"),
    route("v1/quarantine/<str:quarantine_id>/", QuarantinedView.as_view(), name="quarantined"),
    route("v1/quarantine/<str:quarantine_id>/release/", ReleaseView.as_view(), name="release"),
    route("v1/reviews/", ReviewsView.as_view(), name="reviews"),
    route("v1/reviews/<str:review_id>/", ReviewView.as_view(), name="review"),
    route("v1/reviews/<str:review_id>/approve/", ApproveView.as_view(), name="approve"),
    route("v1/reviews/<str:review_id>/edit/", EditView.as_view(), name="edit-reviewed"),
    route("v1/reviews/<str:review_id>/reject/", RejectView.as_view(), name="reject"),
    route("v1/reviews/<str:review_id>/undo/", UndoView.as_view(), name="undo"),
    route("v1/consolidation/", ConsolidationView.as_view(), name="consolidation"),
    route("v1/feedback/stats/", FeedbackStatsView.as_view(), name="feedback-stats"),
    route("v1/feedback/", FeedbackView.as_view(), name="feedback"),
    route("v2/profiles/jobs/", ProfileJobsView.as_view(), name="profile-jobs"),
    route("v2/profiles/jobs/<str:job_id>/", ProfileJobView.as_view(), name="profile-job"),
    route("v2/profiles/settings/", ProfileSettingsView.as_view(), name="profile-settings"),
    route("v1/summary/", SummaryView.as_view(), name="summary"),
    route("v1/exports/", ExportsView.as_view(), name="exports"),
    route("v1/exports/get/", GetExportView.as_view(), name="get-export"),
    route("v1/exports/<str:export_id>/", ExportView.as_view(), name="export"),
    route("v1/exports/<str:export_id>/download/", DownloadView.as_view(), name="download"),
    route("v1/stats/", StatsView.as_view(), name="stats"),
]
