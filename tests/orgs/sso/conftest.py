"""A company with an identity provider, and a browser."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.orgs.accounts.browser import Browser
from tests.orgs.sso.oidc_server import OidcServer
from tests.orgs.sso.support import Company, oidc_company


@pytest.fixture
def idp(settings: Any) -> Iterator[OidcServer]:
    """A provider of OpenID Connect, which the operator lets be at a private address."""
    with OidcServer() as server:
        settings.ALLOWED_PRIVATE_HOSTS = [server.place]
        yield server


@pytest.fixture
def company(database: None, idp: OidcServer) -> Company:
    """An organization with that provider."""
    return oidc_company(idp)


@pytest.fixture
def browser(database: None) -> Browser:
    return Browser()
