"""The app of plans and usage."""

from django.apps import AppConfig

from workers.allowance import give
from workers.outcomes import on_outcome


class BillingConfig(AppConfig):
    """Limits what may be done, and counts what was."""

    name = "billing"

    def ready(self) -> None:
        """Listens to what jobs and requests did."""
        # Models are loaded only now.
        from billing.services import count_searches, record_usage  # noqa: PLC0415
        from billing.tokens import TokenAllowance  # noqa: PLC0415
        from loci.observability import request_log  # noqa: PLC0415

        on_outcome(record_usage)
        give(TokenAllowance())
        request_log.on_written(count_searches)
