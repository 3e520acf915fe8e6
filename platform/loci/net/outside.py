"""What may be done outside of transactions only."""

from django.db import connections


def assert_outside_transaction() -> None:
    """Raises `RuntimeError` inside of a transaction: it would hold a connection for as long as the service takes."""
    if any(connection.in_atomic_block for connection in connections.all(initialized_only=True)):
        raise RuntimeError("A remote service was called inside of a transaction.")
