"""What organizations may spend on language models: asked of whoever counts it, before and after (design.md §1)."""

from typing import Protocol

from loci.tenancy.context import Tenant


class Allowance(Protocol):
    """Limits and counts tokens, of tenants with their organization; outside of any transaction."""

    def check(self, tenant: Tenant) -> None:
        """Raises `loci.errors.DomainError` where no work that needs a model may be accepted now."""
        ...

    def reserve(self, tenant: Tenant, tokens: int) -> None:
        """Sets tokens aside for one call. Raises `loci.errors.NotNow` where there are not so many."""
        ...

    def settle(self, tenant: Tenant, reserved: int, tokens_in: int, tokens_out: int) -> None:
        """Counts what the call cost, in place of what was set aside for it."""
        ...

    def keep(self, tenant: Tenant, reserved: int) -> None:
        """Counts all that was set aside for the call: what it cost is not known."""
        ...


_given: list[Allowance] = []


def give(allowance: Allowance) -> None:
    """Registers who limits and counts; its app calls it once, in `AppConfig.ready`."""
    _given[:] = [allowance]


def allowance() -> Allowance:
    """Returns who limits and counts."""
    return _given[0]
