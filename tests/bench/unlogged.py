"""The application with a request log that keeps nothing, to compare with (tests.bench.request_log)."""

from loci import wsgi  # First: it sets Django up.
from loci.observability import request_log
from loci.observability.request_log import Answered


def _forget(answered: Answered) -> None:
    """Takes the place of `request_log.add`."""


request_log.add = _forget
application = wsgi.application
