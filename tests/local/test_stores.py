from pathlib import Path
from urllib.parse import urlsplit

import pytest

from loci.local import stores
from loci.local.errors import StartError
from loci.local.home import Home
from loci.local.postgres import Postgres

URL = "postgresql://someone@db.example/loci"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in [*stores.ROLES, "REDIS_URL"]:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    made = Home(tmp_path / "home")
    made.open(min_free_bytes=0)
    return made


def test_without_urls_both_stores_are_embedded(home: Home) -> None:
    assert stores.embedded_postgres(home) is not None
    assert stores.embedded_valkey(home) is not None


def test_three_urls_replace_postgres(home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setenv("DATABASE_OWNER_URL", URL)
    monkeypatch.setenv("DATABASE_SYSTEM_URL_FILE", str(tmp_path / "mounted-secret"))

    assert stores.embedded_postgres(home) is None


@pytest.mark.parametrize("missing", stores.ROLES)
def test_a_missing_url_is_named_in_one_sentence(home: Home, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name in stores.ROLES.keys() - {missing}:
        monkeypatch.setenv(name, URL)

    with pytest.raises(StartError, match=rf"^{missing} must be set too: "):
        stores.embedded_postgres(home)


def test_a_redis_url_replaces_valkey(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://cache.example/0")

    assert stores.embedded_valkey(home) is None


def test_a_new_port_changes_the_urls_but_no_password(home: Home, tmp_path: Path) -> None:
    stores.keep_postgres_urls(home, Postgres(tmp_path, port=5001))
    before = {name: urlsplit(home.secret(name)) for name in stores.ROLES}

    stores.keep_postgres_urls(home, Postgres(tmp_path, port=5002))

    after = {name: urlsplit(home.secret(name)) for name in stores.ROLES}
    assert {url.port for url in after.values()} == {5002}
    assert [url.password for url in after.values()] == [url.password for url in before.values()]
    assert len({url.password for url in after.values()}) == 3
    assert {name: url.username for name, url in after.items()} == stores.ROLES
