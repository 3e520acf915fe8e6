"""Which connection may change the schema."""

from typing import Any


class OwnerMigrates:
    """Only the owner of the schema migrates: the other roles may not even read Django's table of migrations."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Tells whether migrations run through this connection."""
        return db == "owner"
