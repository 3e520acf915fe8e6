import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from prometheus_client import REGISTRY
from pytest_django import Settings

from loci.observability import metrics


@pytest.fixture
def operator(settings: Settings) -> Client:
    settings.ROOT_URLCONF = "tests.observability.urls"
    return Client()


def test_requests_are_counted_by_route(client: Client) -> None:
    labels = {"method": "GET", "route": "/v2/entities/{entity_type}/{name}/", "status": "200"}
    before = REGISTRY.get_sample_value("loci_http_requests_total", labels) or 0
    client.get("/v2/entities/user/alice/")
    client.get("/v2/entities/user/bob/")
    assert REGISTRY.get_sample_value("loci_http_requests_total", labels) == before + 2


def test_made_up_paths_and_methods_make_no_new_series(client: Client) -> None:
    client.generic("BREW", "/samovar/of/tea")
    assert 'method="OTHER",route="unmatched",status="404"' in metrics.render().decode()
    assert "samovar" not in metrics.render().decode()


def test_a_caller_on_this_machine_sees_them(operator: Client) -> None:
    response = operator.get("/metrics")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain")
    assert b"# TYPE loci_jobs_finished_total counter" in response.content


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.8.8.8"])
def test_every_loopback_address_is_this_machine(operator: Client, address: str) -> None:
    assert operator.get("/metrics", REMOTE_ADDR=address).status_code == 200


@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "::ffff:192.0.2.1", "2001:db8::1", "", "unix:"])
def test_nobody_else_sees_them(operator: Client, address: str) -> None:
    response = operator.get("/metrics", REMOTE_ADDR=address)
    assert response.status_code == 403
    assert response.json()["detail"]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_a_proxy_on_this_machine_is_not_this_machine(operator: Client, header: str) -> None:
    assert operator.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403


def test_the_token_opens_them_from_anywhere(operator: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "s3cret"
    given = {"Authorization": "Bearer s3cret"}
    assert operator.get("/metrics", REMOTE_ADDR="192.0.2.1", headers=given).status_code == 200


@pytest.mark.parametrize(("token", "given"), [("s3cret", "Bearer wrong"), ("s3cret", "s3cret"), ("", "Bearer ")])
def test_a_wrong_or_empty_token_opens_nothing(operator: Client, settings: Settings, token: str, given: str) -> None:
    settings.METRICS_TOKEN = token
    response = operator.get("/metrics", REMOTE_ADDR="192.0.2.1", headers={"Authorization": given})
    assert response.status_code == 403


def test_processes_that_share_a_folder_show_each_others_numbers(tmp_path: Path) -> None:
    def run(code: str) -> str:
        environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
        command = [sys.executable, "-c", f"from loci.observability import metrics\n{code}"]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    run("metrics.JOBS_FINISHED.labels('extract', 'done').inc(3); metrics.DUE_JOBS.labels('extraction').set(1)")
    run("metrics.JOBS_FINISHED.labels('extract', 'done').inc(4); metrics.DUE_JOBS.labels('extraction').set(2)")
    shown = run("print(metrics.render().decode())")
    assert 'loci_jobs_finished_total{kind="extract",outcome="done"} 7.0' in shown
    assert 'loci_queue_due_jobs{queue="extraction"} 2.0' in shown
