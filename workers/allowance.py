"""What organizations may spend on language models: asked of whoever counts it, before and after (design.md §1)."""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class RequestMeter:
    """The `loci.net.spending.Meter` of a request that asks a model itself: it spends its organization's tokens."""

    tenant: Tenant

    def count_request(self) -> None:
        """Not limited: a request has few calls, within its own time."""

    def forget_request(self) -> None:
        """As above."""

    def reserve(self, tokens: int) -> None:
        """Sets tokens of the organization's aside. Raises `loci.errors.NotNow`."""
        allowance().reserve(self.tenant, tokens)

    def settle(self, reserved: int, tokens_in: int, tokens_out: int) -> None:
        """Counts what an answer cost."""
        allowance().settle(self.tenant, reserved, tokens_in, tokens_out)

    def keep(self, reserved: int) -> None:
        """Counts all that was set aside."""
        allowance().keep(self.tenant, reserved)
