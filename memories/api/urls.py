"""The addresses of the memory API (contract.md §5 to §8)."""

from django.urls import register_converter
from django.urls.converters import StringConverter

from loci.http.routes import route
from memories.api.adding import AddView
from memories.api.attributes import AttributesView, AttributeView
from memories.api.batch import Batch2025View, BatchView
from memories.api.entities import EntitiesView, EntityFiltersView, EntityView, NumberedEntityView
from memories.api.events import EventsView, EventView
from memories.api.exporting import DownloadView, ExportsView, ExportView, GetExportView
from memories.api.feedback import FeedbackView
from memories.api.history import EntityMemoriesView, HistoryView, ProjectHistoryView
from memories.api.listing import ListV2View, ListView
from memories.api.memories import MemoryView
from memories.api.quarantine import QuarantinedView, QuarantineView, ReleaseView
from memories.api.registering import AgentsView, AppsView, RunsView, UsersView
from memories.api.rolling_back import RollbackView
from memories.api.searching import SearchV1View, SearchV2View, SearchView
from memories.api.stats import StatsView
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
    route("v2/entities/<str:entity_type>/<path:entity_id>/", EntityView.as_view(), name="entity"),
    route("v1/users/", UsersView.as_view(), name="users"),
    route("v1/agents/", AgentsView.as_view(), name="agents"),
    route("v1/apps/", AppsView.as_view(), name="apps"),
    route("v1/runs/", RunsView.as_view(), name="runs"),
    route("v1/quarantine/", QuarantineView.as_view(), name="quarantine"),
    route("v1/quarantine/<str:quarantine_id>/", QuarantinedView.as_view(), name="quarantined"),
    route("v1/quarantine/<str:quarantine_id>/release/", ReleaseView.as_view(), name="release"),
    route("v1/feedback/", FeedbackView.as_view(), name="feedback"),
    route("v1/exports/", ExportsView.as_view(), name="exports"),
    route("v1/exports/get/", GetExportView.as_view(), name="get-export"),
    route("v1/exports/<str:export_id>/", ExportView.as_view(), name="export"),
    route("v1/exports/<str:export_id>/download/", DownloadView.as_view(), name="download"),
    route("v1/stats/", StatsView.as_view(), name="stats"),
]
