"""Error reports, sent to a server on loopback in Sentry's place: they arrive, and say nothing of the data."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import sentry_sdk

from tests.conftest import Person, Services
from tests.workers.support import new_job

CANARY = "canary-7f3a"

SETUP = """
import django
django.setup()
import sentry_sdk
from django.conf import settings
from django.test import Client
settings.ROOT_URLCONF = "tests.observability.failing"
settings.STATIC_ROOT = None
"""

WEB = """
Client(raise_request_exception=False).post(
    f"/v2/entities/user/{CANARY}/?query={CANARY}",
    {"messages": [{"role": "user", "content": CANARY}]},
    content_type="application/json",
    headers={"Authorization": f"Token {CANARY}", "X-Request-Id": "r-1", "Cookie": f"a={CANARY}"},
)
"""

WORKER = """
from celery import Celery
from loci.observability import context
app = Celery("tests")

@app.task(name="extract")
def extract(text):
    local = text
    raise ValueError(f"cannot read {local}")

with context.bound(job="7", kind="extract"):
    extract.apply(args=[CANARY], kwargs={}, headers={"secret": CANARY})
"""

JOB = """
from uuid import UUID
from loci.tenancy.context import Tenant
from workers.limits import limits
from workers.tasks.running import Kind, run

def work(claim):
    raise ValueError(CANARY)

def nothing(*_):
    pass

run(Kind(limits(60), work, nothing, nothing, nothing), Tenant(UUID(PROJECT)), UUID(ID))
"""

EVERYTHING_ELSE = """
import logging
sentry_sdk.add_breadcrumb(message=CANARY)
logging.getLogger("loci").error(CANARY)
with sentry_sdk.start_transaction(name=CANARY), sentry_sdk.start_span(op="db", name=f"SELECT '{CANARY}'"):
    pass
sentry_sdk.set_user({"id": CANARY})
sentry_sdk.set_extra("text", CANARY)
sentry_sdk.set_tag("text", CANARY)
sentry_sdk.capture_exception(ValueError(CANARY))
"""


class Ingest(HTTPServer):
    """Keeps the envelopes it is sent, as text."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), IngestHandler)
        self.envelopes: list[str] = []


class IngestHandler(BaseHTTPRequestHandler):
    server: Ingest

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_gzip = self.headers.get("Content-Encoding") == "gzip"
        self.server.envelopes.append((gzip.decompress(body) if is_gzip else body).decode())
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_arguments: object) -> None:
        """Silence: pytest shows what matters."""


@contextmanager
def serving() -> Iterator[Ingest]:
    with Ingest() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True)
class Report:
    """What one process sent, and what it logged."""

    envelopes: list[str]
    log: str

    @property
    def event(self) -> dict[str, Any]:
        (envelope,) = self.envelopes
        event: dict[str, Any] = json.loads(envelope.splitlines()[2])
        return event


def report_of(code: str, **settings: str) -> Report:
    """Runs `code` in a process of its own, with these settings, and waits until its reports are sent."""
    with serving() as ingest:
        process = run(ingest.server_port, code, settings)
    return Report(ingest.envelopes, process.stderr)


def run(port: int, code: str, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        **settings,
        "SENTRY_DSN": f"http://public@127.0.0.1:{port}/1",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    script = f"CANARY = {CANARY!r}\n{SETUP}\n{code}\nsentry_sdk.flush(5)"
    return subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True)


@pytest.fixture(scope="module")
def web() -> Report:
    return report_of(WEB)


@pytest.fixture(scope="module")
def worker() -> Report:
    return report_of(WORKER)


@pytest.mark.parametrize("process", ["web", "worker"])
def test_an_error_arrives_without_a_word_of_the_data(process: str, request: pytest.FixtureRequest) -> None:
    report: Report = request.getfixturevalue(process)
    (error,) = report.event["exception"]["values"]
    assert error["type"] == "ValueError"
    assert error["stacktrace"]["frames"][-1]["lineno"] > 0
    assert CANARY not in report.envelopes[0]
    assert "unhandled error" in report.log
    assert CANARY not in report.log


def test_a_report_of_the_web_names_route_and_request(web: Report) -> None:
    assert web.event["transaction"] == "/v2/entities/{entity_type}/{name}/"
    assert web.event["tags"]["request_id"] == "r-1"


def test_a_report_of_a_worker_names_task_and_job(worker: Report) -> None:
    assert worker.event["transaction"] == "extract"
    assert worker.event["tags"]["job"] == "7"


def test_a_bug_in_a_job_is_reported_although_the_job_is_tried_again(alice: Person, services: Services) -> None:
    job_id = new_job(alice.tenant)
    named = f"PROJECT, ID = {str(alice.tenant.project_id)!r}, {str(job_id)!r}"
    report = report_of(f"{named}\n{JOB}", **services.environment())
    assert report.event["exception"]["values"][0]["type"] == "ValueError"
    assert report.event["tags"]["job"] == str(job_id)
    assert CANARY not in report.envelopes[0]


def test_breadcrumbs_traces_users_and_logged_errors_are_not_sent() -> None:
    report = report_of(EVERYTHING_ELSE)
    assert CANARY not in "".join(report.envelopes)
    assert report.event["exception"]["values"][0]["type"] == "ValueError"


def test_without_a_dsn_nothing_is_sent() -> None:
    assert not sentry_sdk.get_client().is_active()
