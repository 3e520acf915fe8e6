"""The addresses of the memory API (contract.md §5 to §8)."""

from loci.http.routes import route
from memories.api.adding import AddView
from memories.api.entities import EntitiesView, EntityView
from memories.api.events import EventsView, EventView
from memories.api.finding import ListView, SearchView
from memories.api.memories import HistoryView, MemoryView
from memories.api.v1 import MemoriesV1View

urlpatterns = [
    route("v3/memories/add/", AddView.as_view(), name="add"),
    route("v3/memories/search/", SearchView.as_view(), name="search"),
    route("v3/memories/", ListView.as_view(), name="list"),
    route("v1/memories/", MemoriesV1View.as_view(), name="memories-v1"),
    route("v1/memories/<str:memory_id>/history/", HistoryView.as_view(), name="history"),
    route("v1/memories/<str:memory_id>/", MemoryView.as_view(), name="memory"),
    route("v1/event/<str:event_id>/", EventView.as_view(), name="event"),
    route("v1/events/", EventsView.as_view(), name="events"),
    route("v1/entities/", EntitiesView.as_view(), name="entities"),
    route("v2/entities/<str:entity_type>/<path:entity_name>/", EntityView.as_view(), name="entity"),
]
