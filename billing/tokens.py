"""How many tokens of language models an organization may spend in a day (reliability.md §2.10).

A call sets aside the most that it can cost before it is made, and what it did cost takes the place of that after it:
however many workers call at once, no more is spent than the limit. Days are those of UTC.
"""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from limits import parse

from billing.counting import Window
from billing.models import TokenBudget
from billing.queries import rates_of
from billing.services import record_tokens
from loci.errors import DomainError, NotNow
from loci.tenancy.context import Tenant, current_org_id, tenant_tx
from workers.jobs import Spent
from workers.limits import EXTRACTION

TOKENS = "tokens"
"""The name among a plan's rates: `{"tokens": "1000000/day"}`."""
BUSY_S = 5.0
"""When to ask again while calls under way have set the rest aside."""
LONGEST_HELD = timedelta(seconds=EXTRACTION.lease)
USED_UP = (
    "The organization has used up its tokens of language models for today: {used} of {limit}."
    " Adds that need a model are accepted again from {resets_at}. Everything else goes on."
)
TOO_DEAR = "A model's answer may cost {tokens} tokens, and the organization has {limit} in a day."


def tokens_per_day(org_id: UUID) -> int | None:
    """Returns the limit of the organization's plan, or else the deployment's; None is no limit."""
    if rate := rates_of(org_id).get(TOKENS):
        return int(parse(rate).amount)
    return settings.LLM_TOKENS_PER_DAY or None


class TokenAllowance:
    """The `workers.allowance.Allowance` of plans. Days without a limit are counted too: one may be set any time."""

    def check(self, tenant: Tenant) -> None:
        """Raises `DomainError` (429) where less is left of today's budget than an answer may cost by itself.

        Where no day has as much it is 403: to come again would not help.
        """
        limit = _limit(tenant)
        if limit is None:
            return
        if limit < settings.LLM_MAX_TOKENS:
            raise DomainError(TOO_DEAR.format(tokens=settings.LLM_MAX_TOKENS, limit=limit), status=403)
        with tenant_tx(tenant):
            used = TokenBudget.objects.filter(day=_date()).values_list("used", flat=True).first() or 0
        if used + settings.LLM_MAX_TOKENS > limit:
            raise _used_up(used, limit)

    def reserve(self, tenant: Tenant, tokens: int) -> None:
        """Sets tokens aside.

        Raises `NotNow` where today's budget has not so many, or not while others have theirs; `Spent` where no day has.
        """
        limit = _limit(tenant)
        if limit is None:
            return
        if tokens > limit:
            raise Spent(TOO_DEAR.format(tokens=tokens, limit=limit))
        with tenant_tx(tenant):
            today = _today()
            if today.used + tokens > limit:
                raise NotNow("The tokens of today are used up", retry_after=_seconds_left())
            if today.used + today.reserved + tokens > limit:
                raise NotNow("The tokens of today are set aside for other calls", retry_after=BUSY_S)
            today.reserved += tokens
            today.reserved_at = timezone.now()
            today.save()

    def settle(self, tenant: Tenant, reserved: int, tokens_in: int, tokens_out: int) -> None:
        """Counts what a call cost, and adds it to the ledger, in one commit."""
        with tenant_tx(tenant):
            _spend(reserved, tokens_in + tokens_out)
            record_tokens(tokens_in, tokens_out)

    def keep(self, tenant: Tenant, reserved: int) -> None:
        """Counts all that was set aside; the ledger holds only what an endpoint said."""
        with tenant_tx(tenant):
            _spend(reserved, reserved)


def _limit(tenant: Tenant) -> int | None:
    assert tenant.org_id is not None  # noqa: S101 - whoever spends knows who pays
    return tokens_per_day(tenant.org_id)


def _spend(reserved: int, used: int) -> None:
    today = _today()
    # It may have been set aside yesterday, or before there was a limit.
    today.reserved = max(0, today.reserved - reserved)
    today.used += used
    today.save()


def _today() -> TokenBudget:
    """The organization's row, locked until the commit.

    What was set aside and can be held by no living worker any more is counted: whoever waits for it waits for midnight.
    """
    TokenBudget.objects.bulk_create([TokenBudget(org_id=current_org_id(), day=_date())], ignore_conflicts=True)
    row: TokenBudget = TokenBudget.objects.select_for_update().get()
    if row.day != _date():
        row.day, row.used, row.reserved = _date(), 0, 0
    if row.reserved_at and row.reserved_at < timezone.now() - LONGEST_HELD:
        row.used, row.reserved = row.used + row.reserved, 0
    return row


def _used_up(used: int, limit: int) -> DomainError:
    resets_at = _midnight()
    window = Window(is_admitted=False, limit=limit, remaining=0, resets_at=resets_at.timestamp())
    detail = USED_UP.format(used=used, limit=limit, resets_at=f"{resets_at:%Y-%m-%dT%H:%M:%SZ}")
    return DomainError(detail, status=429, headers=window.headers, retry_after=window.seconds_left)


def _date() -> date:
    return timezone.now().astimezone(UTC).date()


def _midnight() -> datetime:
    return datetime.combine(_date() + timedelta(days=1), time(), UTC)


def _seconds_left() -> float:
    return (_midnight() - timezone.now()).total_seconds()
