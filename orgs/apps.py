"""The app of organizations, projects, people and keys."""

from django.apps import AppConfig


class OrgsConfig(AppConfig):
    """Organizations, their projects, members and API keys."""

    name = "orgs"
