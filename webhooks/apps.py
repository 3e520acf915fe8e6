"""The app of webhooks: who is told what, and how that went."""

from django.apps import AppConfig

from workers.outcomes import on_forgotten, on_notice


class WebhooksConfig(AppConfig):
    """Tells subscribers what happens in their project."""

    name = "webhooks"

    def ready(self) -> None:
        """Listens to what happens to memories and jobs, and registers what renews secrets and what is pruned."""
        # Models are loaded only now.
        from loci.crypto import register_rotation  # noqa: PLC0415
        from webhooks.services.forgetting import forget  # noqa: PLC0415
        from webhooks.services.pruning import prune  # noqa: PLC0415
        from webhooks.services.telling import are_heard, tell  # noqa: PLC0415
        from webhooks.signing_secrets import renew_secrets  # noqa: PLC0415
        from workers.retention import on_prune  # noqa: PLC0415

        on_notice(tell, hears=are_heard)
        on_forgotten(forget)
        register_rotation("webhooks", renew_secrets)
        on_prune("deliveries", prune)
