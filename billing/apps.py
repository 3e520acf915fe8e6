"""The app of plans and usage."""

from django.apps import AppConfig

from workers.outcomes import on_outcome


class BillingConfig(AppConfig):
    """Counts what was done."""

    name = "billing"

    def ready(self) -> None:
        """Listens to what jobs and requests did."""
        from billing.services import record_usage  # noqa: PLC0415 - models are loaded only now

        on_outcome(record_usage)
