import pytest
from django.test import Client
from pytest_django import Settings


@pytest.fixture
def client(settings: Settings) -> Client:
    """A client of the small API in `tests.http.urls`; a bug answers 500 as it does in production."""
    settings.ROOT_URLCONF = "tests.http.urls"
    return Client(raise_request_exception=False)
