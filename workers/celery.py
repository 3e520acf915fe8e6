"""The Celery app: a doorbell and a pool of processes, nothing that must not be lost (reliability.md §2.4)."""

import os

from celery import Celery
from django.conf import settings

import workers.signals  # noqa: F401 - connects how a worker starts and ends

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loci.settings")

QUEUES = ("extraction", "graph", "webhooks", "exports", "feedback", "maintenance")

# Without Celery's own Django fixup, which opens and closes a connection pool around every task: `tenant_tx` gives
# connections back itself, and workers.signals does the rest.
app = Celery("loci", fixups=[])
app.conf.update(
    broker_url=settings.REDIS_URL,
    imports=[
        "workers.tasks.add",
        "workers.tasks.consolidate",
        "workers.tasks.delete",
        "workers.tasks.deliver",
        "workers.tasks.disabled",
        "workers.tasks.erase",
        "workers.tasks.export",
        "workers.tasks.invite",
        "workers.tasks.leak",
        "workers.tasks.profile",
        "workers.tasks.profiles",
        "workers.tasks.retention",
        "workers.tasks.rollback",
    ],
    result_backend=None,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    # The lease in Postgres decides who works; redelivery by the broker could only duplicate.
    task_acks_late=False,
    task_reject_on_worker_lost=False,
    task_publish_retry=False,
    task_create_missing_queues=True,
    worker_prefetch_multiplier=1,
    worker_disable_prefetch=True,
    worker_max_tasks_per_child=500,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_send_task_events=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_connection_timeout=1,
    broker_pool_limit=settings.WEB_THREADS,
    broker_transport_options={
        "visibility_timeout": 300,
        "socket_timeout": 5,
        "socket_connect_timeout": 0.3,
        "priority_steps": list(range(10)),
        "socket_keepalive": True,
        "health_check_interval": 10,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
    },
)
