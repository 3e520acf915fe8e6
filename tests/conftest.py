"""Real services for the tests, and the cast: Alice and Bob own an organization each."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.cache import caches
from django.core.management import call_command
from django.db import connections
from django.test import Client
from psycopg import sql

from loci.local.postgres import Postgres
from loci.local.valkey import Valkey
from loci.tenancy.context import Tenant, has_tenant
from loci.tenancy.provision import TEMPLATE, provision
from tests import pool
from tests.fakes.site import Site
from workers.celery import app as celery_app

ROLES = {"default": "loci_app", "owner": "loci_owner", "system": "loci_system"}
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
DATABASE = "loci_test"
KEPT = ["auth_permission", "django_content_type", "django_migrations", "plan"]
"""The tables that migrations fill, and no test changes."""

T = TypeVar("T")


@dataclass(frozen=True)
class Services:
    """Where the servers of this test run are."""

    postgres: Postgres
    valkey: Valkey

    def environment(self) -> dict[str, str]:
        """Returns the settings with which a child process uses the same servers and database."""
        urls = {
            name: f"postgresql://{role}:{role}@127.0.0.1:{self.postgres.port}/{DATABASE}"
            for name, role in zip(
                ["DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SYSTEM_URL"], ROLES.values(), strict=True
            )
        }
        return {
            **urls,
            "REDIS_URL": self.valkey.url,
            "LOCI_SECRET_KEY": settings.SECRET_KEY,
            "LOCI_KEY_PEPPER": settings.KEY_PEPPER,
            "LOCI_MASTER_KEY": settings.MASTER_KEY,
        }


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the servers' account may pass through; pytest's own are closed to it when root runs the tests."""
    path = Path(tempfile.mkdtemp(prefix="loci-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    """Starts Postgres and Valkey in a folder of their own, and ends them."""
    # Not pytest's own tmp_path: as root the servers run as another user, who may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="loci-test-"))
    folder.chmod(0o755)
    postgres = Postgres(folder / "postgres", settings=FAST)
    valkey = Valkey(folder / "valkey")
    try:
        postgres.start()
        valkey.start()
        yield Services(postgres, valkey)
    finally:
        postgres.stop("immediate")
        valkey.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(services: Services, django_db_blocker: Any) -> Iterator[None]:
    """Makes the test database from the provisioned template as the owner; the tests themselves are `loci_app`."""
    from billing import counting

    settings.SECRET_KEY, settings.KEY_PEPPER = "a secret of the tests", "a pepper of the tests"
    settings.MASTER_KEY = "a master key of the tests"
    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost = 1, 64  # Of strength nothing is asked here.
    counting.REDIS_TIMEOUT_S = 30  # A busy machine is no outage.
    with django_db_blocker.unblock():
        _point_to(services, "loci")
        provision(services.postgres.admin_url("postgres"))
        _create_from_template(services)
        _point_to(services, DATABASE)
        call_command("migrate", verbosity=0)
        connections["owner"].close()
    yield
    with django_db_blocker.unblock():
        for alias in ROLES:
            connections[alias].close()
        connections["default"].close_pool()  # type: ignore[attr-defined]  # every alias is Postgres, which has a pool


def _point_to(services: Services, database: str) -> None:
    server = urlsplit(services.postgres.admin_url("postgres"))
    for alias, role in ROLES.items():
        place = {"HOST": server.hostname, "PORT": server.port, "NAME": database, "USER": role, "PASSWORD": role}
        connections[alias].settings_dict.update(place)
        settings.DATABASES[alias].update(place)
    settings.REDIS_URL = services.valkey.url
    celery_app.conf.update(broker_url=services.valkey.url)


def _create_from_template(services: Services) -> None:
    role = ROLES["owner"]
    url = f"postgresql://{role}:{role}@127.0.0.1:{services.postgres.port}/postgres"
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(DATABASE), sql.Identifier(TEMPLATE))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture(scope="session")
def empty(services: Services, django_db_setup: None) -> Iterator[Callable[[], object]]:
    """Empties the database, as a superuser whom no policy, foreign key or append-only table stops.

    It deletes, since that is a hundred times as fast as to truncate.
    """
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL (%s)"
    with psycopg.connect(services.postgres.admin_url(DATABASE), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        names = [name for (name,) in connection.execute(tables, [KEPT])]
        statement = sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in names)
        yield lambda: connection.execute(statement)


@pytest.fixture(scope="session")
def counters(services: Services) -> Iterator[redis.Redis]:
    """Where requests are counted."""
    with redis.Redis.from_url(services.valkey.url) as connection:
        yield connection


@pytest.fixture
def database(empty: Callable[[], object], counters: redis.Redis, django_db_blocker: Any) -> Iterator[None]:
    """Opens the database to a test with real transactions, and empties it afterwards."""
    from loci.observability import request_log
    from orgs.accounts.auditing import notes

    with django_db_blocker.unblock():
        yield
        assert not has_tenant(), "the test left a tenant behind"
        request_log.discard()
        notes().wait()
        pool.take_back()
        empty()
        _forget_rates(counters)


def _forget_rates(counters: redis.Redis) -> None:
    """The tests share an address, whose requests are counted over an hour and a day."""
    counted = list(counters.scan_iter(match="*rates*", count=1000))
    if counted:
        counters.delete(*counted)


class SetUp(Protocol):
    """What the fixture `set_up` returns."""

    def __call__(self, name: str, make: Callable[[], T]) -> T: ...


@pytest.fixture(scope="session")
def admin(services: Services, django_db_setup: None) -> Iterator[psycopg.Connection]:
    """A superuser, whom nothing stops."""
    with psycopg.connect(services.postgres.admin_url(DATABASE), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def sets() -> dict[str, tuple[Any, sql.Composed]]:
    """What `set_up` made, by name, and the statements that make its rows again."""
    return {}


@pytest.fixture
def set_up(database: None, admin: psycopg.Connection, sets: dict[str, tuple[Any, sql.Composed]]) -> SetUp:
    """Returns what makes something of this name with all of its rows, and in later tests puts those rows back."""
    from tests.tenancy.rows import all_saved

    def once(name: str, make: Callable[[], T]) -> T:
        if name not in sets:
            sets[name] = make(), all_saved(admin)
        else:
            with admin.transaction():
                admin.execute(sets[name][1])
        found: T = sets[name][0]
        return found

    return once


@pytest.fixture
def site(settings: Any) -> Iterator[Site]:
    """A server that the operator allowed."""
    with Site() as server:
        settings.ALLOWED_PRIVATE_HOSTS = [f"127.0.0.1:{server.port}"]
        yield server


@pytest.fixture
def maintained(database: None, settings: Any) -> Iterator[Callable[[int], list[str]]]:
    """Returns what runs `manage.py maintain` with an `EXACT_LIMIT`, and tells what it said; drops the indexes later."""

    def run(exact_limit: int) -> list[str]:
        settings.EXACT_LIMIT = exact_limit
        said = StringIO()
        call_command("maintain", stdout=said)
        caches["process"].clear()
        return said.getvalue().splitlines()

    yield run
    run(10**9)


@dataclass(frozen=True)
class Person:
    """Somebody who owns an organization and calls its default project's API with a key."""

    email: str
    tenant: Tenant
    org_id: str
    project_id: str
    key: str
    client: Client


@pytest.fixture
def alice(database: None) -> Person:
    """The owner whose data the test is about."""
    return make_person("alice@example.com")


@pytest.fixture
def bob(database: None) -> Person:
    """The owner of another organization."""
    return make_person("bob@example.org")


def make_person(email: str) -> Person:
    """Returns a new owner with an organization, a project and a key."""
    from orgs.models import User
    from orgs.services.api_keys import create_api_key
    from orgs.services.organizations import create_organization

    user = User.objects.create_user(email)
    project = create_organization(name=f"{email}'s", owner=user)
    key = create_api_key(project=project, maker=user, name="test")
    return Person(
        email=email,
        tenant=Tenant(project_id=project.id, org_id=project.org_id),
        org_id=project.org.public_id,
        project_id=project.public_id,
        key=key,
        client=Client(headers={"authorization": f"Token {key}"}, raise_request_exception=False),
    )
