"""The app of what every other app shares."""

from django.apps import AppConfig


class LociConfig(AppConfig):
    name = "loci"

    def ready(self) -> None:
        # Imported here: metrics and integrations read the settings.
        from loci.observability.process import configure_process  # noqa: PLC0415

        configure_process()
