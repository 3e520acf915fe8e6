"""The app of memories: the core."""

from django.apps import AppConfig


class MemoriesConfig(AppConfig):
    """Extraction, resolution and retrieval of memories."""

    name = "memories"
