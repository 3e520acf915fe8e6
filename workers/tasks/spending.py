"""What a claimed job spends on remote models: requests of its own, tokens of its organization (reliability.md E3)."""

from dataclasses import dataclass
from functools import cached_property

from loci.tenancy.context import Tenant, tenant_tx
from orgs.services.mailing import of_organization
from workers import jobs
from workers.allowance import allowance
from workers.jobs import Claim


@dataclass
class JobMeter:
    """The `loci.net.spending.Meter` of a claimed job. Each count is committed at once: it survives the worker."""

    claim: Claim
    counted: int = 0
    """The requests of this run."""
    was_answered: bool = False
    """Whether a language model has answered, or may have."""

    def count_request(self) -> None:
        """Counts a request. Raises `jobs.Spent` and `jobs.Fenced`."""
        with tenant_tx(self.claim.tenant):
            jobs.count_request(self.claim)
        self.counted += 1

    def forget_request(self) -> None:
        """Takes the last request back."""
        self._forget(1)

    def forget_run(self) -> None:
        """Takes all of this run back, where it has found the way to the language model closed: it comes again."""
        if not self.was_answered:
            self._forget(self.counted)

    def _forget(self, requests: int) -> None:
        with tenant_tx(self.claim.tenant):
            jobs.forget_requests(self.claim, requests)
        self.counted -= requests

    def reserve(self, tokens: int) -> None:
        """Sets tokens of the organization's aside. Raises `loci.errors.NotNow`."""
        allowance().reserve(self._tenant, tokens)

    def settle(self, reserved: int, tokens_in: int, tokens_out: int) -> None:
        """Counts what an answer cost."""
        self.was_answered |= tokens_in > 0
        allowance().settle(self._tenant, reserved, tokens_in, tokens_out)

    def keep(self, reserved: int) -> None:
        """Counts all that was set aside."""
        self.was_answered = True
        allowance().keep(self._tenant, reserved)

    @cached_property
    def _tenant(self) -> Tenant:
        return of_organization(self.claim.tenant)
