"""The app of memories: the core."""

from django.apps import AppConfig


class MemoriesConfig(AppConfig):
    """Extraction, resolution and retrieval of memories."""

    name = "memories"

    def ready(self) -> None:
        """Registers the checks of the settings and what is pruned, and listens to what is read."""
        # Models and settings are loaded only now; importing the checks registers them.
        from loci.observability import request_log  # noqa: PLC0415
        from memories import checks  # noqa: F401, PLC0415
        from memories.exports import expiring  # noqa: PLC0415
        from memories.lifecycle import accesses, derived, expiry, retention  # noqa: PLC0415
        from memories.services import files  # noqa: PLC0415
        from workers.retention import on_prune  # noqa: PLC0415

        request_log.on_written(accesses.note_accesses)
        on_prune("expired memories", expiry.prune)
        on_prune("adds", retention.trim_adds)
        on_prune("hidden messages", retention.prune_hidden_messages)
        on_prune("messages", retention.prune_messages)
        on_prune("files", files.prune, batch=files.PRUNED_AT_ONCE)
        on_prune("accesses", accesses.prune)
        on_prune("summaries", derived.prune_summaries)
        on_prune("generations of profiles", derived.prune_profile_jobs)
        on_prune("exports", expiring.prune, batch=files.PRUNED_AT_ONCE)
