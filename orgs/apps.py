"""The app of organizations, projects, people and keys."""

from django.apps import AppConfig


class OrgsConfig(AppConfig):
    """Organizations, their projects, members and API keys."""

    name = "orgs"

    def ready(self) -> None:
        """Registers the extension of the API's description."""
        from orgs import schema  # noqa: F401, PLC0415 - importing it registers it; the settings are read only now
