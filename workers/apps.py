"""The app of durable work."""

from django.apps import AppConfig


class WorkersConfig(AppConfig):
    """Jobs, the dispatcher and the Celery tasks that run them."""

    name = "workers"
