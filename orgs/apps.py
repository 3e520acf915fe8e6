"""The app of organizations, projects, people and keys."""

from django.apps import AppConfig


class OrgsConfig(AppConfig):
    """Organizations, their projects, members and API keys."""

    name = "orgs"

    def ready(self) -> None:
        """Registers the extension of the API's description, and what renews secrets."""
        from loci.crypto import register_rotation  # noqa: PLC0415 - as below
        from orgs import schema  # noqa: F401, PLC0415 - importing it registers it; the settings are read only now
        from orgs.accounts import auditing  # noqa: F401, PLC0415 - importing it connects it
        from orgs.accounts.mfa import renew_seeds  # noqa: PLC0415 - it has models, which are loaded only now
        from orgs.services.identity_providers import renew_secrets  # noqa: PLC0415 - as above
        from orgs.sso import sessions  # noqa: F401, PLC0415 - importing it connects it

        register_rotation("second factors", renew_seeds)
        register_rotation("identity providers", renew_secrets)
