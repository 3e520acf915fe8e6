import io
import logging
from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import Settings

from loci.observability.logging import config


@pytest.fixture
def client(settings: Settings) -> Client:
    """A client of the small API in `tests.http.urls`; a bug answers 500 as it does in production."""
    settings.ROOT_URLCONF = "tests.http.urls"
    return Client(raise_request_exception=False)


@pytest.fixture
def written(settings: Settings, request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What this process logs: JSON lines, or readable ones where the test is parametrized with False."""
    settings.LOG_JSON = getattr(request, "param", True)
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(config()["formatters"]["line"]["()"]())
    logging.getLogger().addHandler(handler)
    yield handler.stream
    logging.getLogger().removeHandler(handler)
