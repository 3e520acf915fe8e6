"""`manage.py rotate_secrets`: encrypts every secret under the current master key."""

from typing import Any

from django.core.management.base import BaseCommand

from loci.crypto import rotations


class Command(BaseCommand):
    """Renews what is still under LOCI_MASTER_KEY_OLD; when it says 0 for everything, that key can go."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Renews, and says how many of each kind."""
        for name, rotate in rotations().items():
            self.stdout.write(f"{name}: {rotate()} renewed")
