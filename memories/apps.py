"""The app of memories: the core."""

from django.apps import AppConfig


class MemoriesConfig(AppConfig):
    """Extraction, resolution and retrieval of memories."""

    name = "memories"

    def ready(self) -> None:
        """Registers the checks of the settings, and listens to what is read."""
        # Models and settings are loaded only now; importing the checks registers them.
        from loci.observability import request_log  # noqa: PLC0415
        from memories import checks  # noqa: F401, PLC0415
        from memories.lifecycle.accesses import note_accesses  # noqa: PLC0415

        request_log.on_written(note_accesses)
