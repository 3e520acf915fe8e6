"""The app of webhooks: who is told what, and how that went."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Tells subscribers what happens in their project."""

    name = "webhooks"

    def ready(self) -> None:
        """Registers what renews secrets."""
        # Models are loaded only now.
        from loci.crypto import register_rotation  # noqa: PLC0415
        from webhooks.signing_secrets import renew_secrets  # noqa: PLC0415

        register_rotation("webhooks", renew_secrets)
