"""The sending of deliveries: one attempt is one run of the delivery's job (reliability.md §2.6)."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore

from django.conf import settings
from django.utils import timezone

from loci.net.retry_after import retry_after
from loci.net.safe_post import Answer, PostFailed, safe_post
from loci.observability import metrics
from loci.tenancy.context import tenant_tx
from orgs.services.mailing import of_organization
from webhooks import health
from webhooks.models import MAX_ANSWER_CHARS, Delivery, DeliveryAttempt, DeliveryState
from webhooks.queries import lock_deliveries, lock_endpoint, pending
from webhooks.queueing import end_unsent
from webhooks.schedule import seconds_to_next
from webhooks.signing import signed_headers
from webhooks.signing_secrets import live_secrets
from workers import jobs
from workers.jobs import Claim

NO_SUCCESS = "The endpoint's answer was no success."
CRASHED = "The delivery could not be sent."
LONGEST_RETRY_AFTER_S = 7 * 86_400.0

_places_of_failing = BoundedSemaphore(max(1, settings.WEBHOOK_THREADS // 2))
"""At most half of a worker's threads wait for endpoints that are failing."""
_PAUSE_S = (1.0, 5.0)


@dataclass(frozen=True)
class Attempt:
    """How one attempt ended: `error` is empty where the endpoint took the message."""

    started_at: datetime
    seconds: float
    error: str
    answer: Answer | None = None

    @property
    def status(self) -> int | None:
        """Returns the status of the answer, None where there was none."""
        return self.answer.status if self.answer else None

    @property
    def retry_after(self) -> float | None:
        """Returns for how many seconds the endpoint wants to be left alone, None where it does not say."""
        return retry_after(self.answer.headers, most=LONGEST_RETRY_AFTER_S) if self.answer else None

    @property
    def text(self) -> str:
        """Returns the beginning of the answer, as a database can keep it."""
        body = self.answer.body if self.answer else b""
        return body.decode(errors="replace").replace("\x00", "\ufffd")[:MAX_ANSWER_CHARS]


def perform_delivery(claim: Claim) -> None:
    """Does a claimed job: posts its delivery once, and says in one commit how that went.

    A worker that dies in between has posted, and the next one posts the same message again. Raises `jobs.PutBack` where
    there is to be another attempt, `jobs.Unfinished` where this one could not be made now, and `Fenced`.
    """
    delivery = _wanted(claim)
    if delivery is None:
        return
    with _place(delivery):
        attempt = _tried(delivery)
    if not attempt.error:
        _record_success(claim, delivery, attempt)
    else:
        _record_failure(claim, delivery, attempt)


def give_up(claim: Claim, _reason: str) -> None:
    """Notes that the job of a delivery is dead: it has ended its worker again and again."""
    _end(claim, DeliveryState.FAILED, CRASHED)


def _wanted(claim: Claim) -> Delivery | None:
    """The delivery, if it is still to be sent; else its job is done."""
    with tenant_tx(claim.tenant):
        unsent = Delivery.objects.select_related("endpoint").filter(id=claim.event_id, state=DeliveryState.PENDING)
        delivery: Delivery | None = unsent.first()
        if delivery is not None and delivery.endpoint.is_active and delivery.endpoint.deleted_at is None:
            return delivery
        jobs.finish(claim)
        if delivery is not None:
            is_deleted = delivery.endpoint.deleted_at is not None
            _end(claim, DeliveryState.CANCELLED if is_deleted else DeliveryState.FAILED, health.DISABLED)
        return None


@contextmanager
def _place(delivery: Delivery) -> Iterator[None]:
    """Keeps half of the threads for endpoints that are well: those that hang for long would take them all."""
    if delivery.endpoint.first_failure_at is None:
        yield
        return
    if not _places_of_failing.acquire(blocking=False):
        raise jobs.Unfinished(after_s=random.uniform(*_PAUSE_S))  # noqa: S311 - jitter, no secret
    try:
        yield
    finally:
        _places_of_failing.release()


def _tried(delivery: Delivery) -> Attempt:
    started_at, began = timezone.now(), time.monotonic()
    body = delivery.body.encode()
    secrets = [secret.text for secret in live_secrets(delivery.endpoint)]
    headers = {"Content-Type": "application/json", **signed_headers(delivery.message_id, started_at, body, secrets)}
    answer: Answer | None = None
    try:
        answer = safe_post(delivery.endpoint.url, body, headers)
        error = "" if 200 <= answer.status < 300 else NO_SUCCESS
    except PostFailed as failure:
        error = str(failure)
    seconds = time.monotonic() - began
    metrics.DELIVERY_SECONDS.observe(seconds)
    return Attempt(started_at, seconds, error, answer)


def _record_success(claim: Claim, delivery: Delivery, attempt: Attempt) -> None:
    with tenant_tx(claim.tenant):
        lock_endpoint(delivery.endpoint)
        jobs.finish(claim)
        _note(delivery, attempt, state=DeliveryState.DELIVERED, next_at=None, finished_at=timezone.now())
        health.note_success(delivery.endpoint)
    metrics.DELIVERY_ATTEMPTS.labels("delivered").inc()


def _record_failure(claim: Claim, delivery: Delivery, attempt: Attempt) -> None:
    endpoint, now = delivery.endpoint, timezone.now()
    tried = (claim.cursor or {}).get("tried", 0) + 1
    reason = health.reason_to_disable(endpoint, attempt.status, now)
    wait = None if reason else seconds_to_next(tried, status=attempt.status, retry_after=attempt.retry_after)
    # Only what an organization's log and owners are told needs it in the transaction.
    with tenant_tx(of_organization(claim.tenant) if reason else claim.tenant):
        lock_endpoint(endpoint)
        if reason:
            lock_deliveries(pending(endpoint))
        if wait is None:
            jobs.finish(claim)
            _note(delivery, attempt, state=DeliveryState.FAILED, next_at=None, finished_at=now)
        else:
            jobs.repeat(claim, {"tried": tried}, after_s=wait)
            _note(delivery, attempt, next_at=now + timedelta(seconds=wait))
        health.note_failure(endpoint, attempt.started_at, claim.lane)
        if reason:
            health.disable(endpoint, reason)
    metrics.DELIVERY_ATTEMPTS.labels("given up" if wait is None else "failed").inc()
    if wait is not None:
        raise jobs.PutBack


def _note(delivery: Delivery, attempt: Attempt, **columns: object) -> None:
    """Stores the attempt, and what the delivery's row shows of it."""
    now = Delivery.objects.select_for_update(of=["self"], no_key=True).get(id=delivery.id)
    row = DeliveryAttempt.objects.create(
        delivery=now,
        number=now.attempts + 1,
        started_at=attempt.started_at,
        duration_ms=round(attempt.seconds * 1000),
        status=attempt.status,
        error=attempt.error,
        # An answer may repeat the text of a memory that was deleted while it was waited for.
        answer=attempt.text if now.body == delivery.body else "",
    )
    seen = {"attempts": row.number, "last_status": row.status, "last_error": row.error}
    if now.state == DeliveryState.PENDING or not attempt.error:  # Else somebody has ended it meanwhile.
        seen |= columns
    Delivery.objects.filter(id=delivery.id).update(**seen)


def _end(claim: Claim, state: DeliveryState, reason: str) -> None:
    """Ends the claim's delivery without an attempt, if it has not ended."""
    end_unsent(Delivery.objects.filter(id=claim.event_id, state=DeliveryState.PENDING), state, reason)
