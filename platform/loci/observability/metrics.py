"""The numbers of `/metrics` (Prometheus): others import them and count; `render` writes them all.

With `PROMETHEUS_MULTIPROC_DIR` set before the start, all processes share that folder and any of them shows all numbers.
"""

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)

HTTP_REQUESTS = Counter("loci_http_requests_total", "Requests answered.", ["method", "route", "status"])
HTTP_SECONDS = Histogram("loci_http_request_seconds", "Time to answer a request.", ["method", "route"], buckets=_FAST)
RATES_UNCOUNTED = Counter("loci_rates_uncounted_total", "Requests that Redis could not count against their rate.")
REQUEST_LOG_DROPPED = Counter("loci_request_log_dropped_total", "Requests whose row in the request log was lost.")

JOBS_SCHEDULED = Counter("loci_jobs_scheduled_total", "Jobs that the schedule stored.", ["kind"])
ROWS_PRUNED = Counter("loci_rows_pruned_total", "Rows whose time was over.", ["what"])
JOBS_FINISHED = Counter("loci_jobs_finished_total", "Runs of jobs that ended.", ["kind", "outcome"])
JOB_SECONDS = Histogram("loci_job_seconds", "Time from accepting a job to its end.", ["kind"], buckets=_SLOW)
QUEUE_AGE_SECONDS = Gauge(
    "loci_queue_oldest_due_seconds", "Age of the oldest due job.", ["queue"], multiprocess_mode="mostrecent"
)
DUE_JOBS = Gauge("loci_queue_due_jobs", "Jobs that are due and not running.", ["queue"], multiprocess_mode="mostrecent")
EXPIRED_LEASES = Gauge(
    "loci_jobs_lease_expired", "Running jobs whose worker vanished.", ["queue"], multiprocess_mode="mostrecent"
)

LLM_CALLS = Counter("loci_llm_calls_total", "Calls of a language model.", ["model", "outcome"])
SECOND_CALLS = Counter("loci_add_second_calls_total", "Adds, by whether a second question was needed.", ["needed"])
LLM_TOKENS = Counter("loci_llm_tokens_total", "Tokens, as the provider counts them.", ["model", "direction"])

DELIVERY_ATTEMPTS = Counter("loci_webhook_attempts_total", "Attempts to deliver a webhook, as they ended.", ["outcome"])
DELIVERY_SECONDS = Histogram(
    "loci_webhook_attempt_seconds", "Time until an endpoint answered or failed.", buckets=_SLOW
)
ENDPOINTS_DISABLED = Counter("loci_webhook_endpoints_disabled_total", "Endpoints disabled because they failed.")

SEARCH_SECONDS = Histogram("loci_search_seconds", "Time of the parts of a search.", ["part"], buckets=_FAST)
CHURN = Counter("loci_memory_churn_total", "Hours in which a source changed far more memories than usual.")


def render() -> bytes:
    """Returns all numbers in Prometheus' text format (`CONTENT_TYPE`)."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # this part of the library has no types
    return generate_latest(registry)
