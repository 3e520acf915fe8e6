"""The app of durable work."""

from django.apps import AppConfig


class WorkersConfig(AppConfig):
    """Jobs, the dispatcher and the Celery tasks that run them."""

    name = "workers"

    def ready(self) -> None:
        """Registers what is pruned of the tables that all apps share."""
        # Models and settings are loaded only now.
        from loci.http import idempotency  # noqa: PLC0415
        from loci.observability import request_log  # noqa: PLC0415
        from workers import jobs  # noqa: PLC0415
        from workers.retention import on_prune  # noqa: PLC0415

        on_prune("idempotency keys", idempotency.prune)
        on_prune("requests", request_log.prune)
        on_prune("jobs", jobs.prune)
