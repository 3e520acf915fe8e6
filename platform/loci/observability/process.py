"""What every process does at its start, web or worker: logging, error reports, and a line for what nobody caught."""

import logging
import sys
from typing import Any

from celery import signals
from django.conf import settings
from django.core.signals import got_request_exception

from loci.observability import logging as loci_logging

logger = logging.getLogger("loci.errors")


def configure_process() -> None:
    """Configures logging and Sentry. `LociConfig.ready` calls it, so Celery's processes have them too."""
    loci_logging.configure()
    if settings.SENTRY_DSN:
        from loci.observability import sentry  # noqa: PLC0415 - the SDK costs 18 MB in every process

        sentry.configure()
    got_request_exception.connect(_log_request_exception, dispatch_uid="loci.observability")
    signals.setup_logging.connect(_keep_logging, dispatch_uid="loci.observability")
    signals.task_failure.connect(_log_task_failure, dispatch_uid="loci.observability")


def report_exception(error: BaseException) -> None:
    """Reports an error that was caught and dealt with, but is a bug all the same."""
    if settings.SENTRY_DSN:
        from loci.observability import sentry  # noqa: PLC0415 - as above

        sentry.report(error)


def _log_request_exception(**_signal: Any) -> None:
    logger.error("unhandled error in a request", exc_info=sys.exc_info())


def _log_task_failure(sender: Any, exception: BaseException, **_signal: Any) -> None:
    logger.error("unhandled error in a task", exc_info=exception, extra={"task": sender.name})


def _keep_logging(**_signal: Any) -> None:
    """Celery configures the root logger itself, unless somebody listens to this signal."""
