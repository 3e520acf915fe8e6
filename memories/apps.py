"""The app of memories: the core."""

from django.apps import AppConfig


class MemoriesConfig(AppConfig):
    """Extraction, resolution and retrieval of memories."""

    name = "memories"

    def ready(self) -> None:
        """Registers the checks of the settings."""
        from memories import checks  # noqa: F401, PLC0415 - importing it registers them; the settings are read only now
