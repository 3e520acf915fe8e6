"""The usual way, for comparison: a Celery message is all that is known of the work, with every "reliable" setting on.

`celery --app tests.faults.plain worker` takes its servers from `DATABASE_URL`, `REDIS_URL` and `LLM_BASE_URL`.
"""

import json
import os

import httpx2
import psycopg
from celery import Celery
from kombu.exceptions import OperationalError

TABLES = """
    CREATE TABLE accepted (text text PRIMARY KEY);
    CREATE TABLE remembered (text text);
"""
QUESTION = json.dumps({"messages": [], "speakers": ["user"], "candidates": []})

app = Celery("plain", broker=os.environ.get("REDIS_URL"))
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={"visibility_timeout": 10, "socket_connect_timeout": 0.3, "max_retries": 0},
)


@app.task(max_retries=None)
def remember(text: str) -> None:
    """Asks the model and stores the memory; tries again when either is away."""
    try:
        question = {"model": "fake", "messages": [{"role": "user", "content": QUESTION}]}
        httpx2.post(f"{os.environ['LLM_BASE_URL']}/chat/completions", json=question, timeout=4).raise_for_status()
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            connection.execute("INSERT INTO remembered VALUES (%s)", [text])
    except (httpx2.HTTPError, psycopg.OperationalError) as error:
        raise remember.retry(exc=error, countdown=1) from error


def accept(database_url: str, text: str) -> bool:
    """Stores the request, and after the commit sends the message; tells whether both went well."""
    try:
        with psycopg.connect(database_url, connect_timeout=3) as connection:
            connection.execute("INSERT INTO accepted VALUES (%s)", [text])
        remember.apply_async((text,), retry=False)
    except (psycopg.OperationalError, OperationalError):
        return False
    return True
