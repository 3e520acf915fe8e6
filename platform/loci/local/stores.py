"""Which stores a start uses: the embedded ones, or those that the operator's URLs name."""

import os
import secrets
from urllib.parse import urlsplit

from loci.local.errors import StartError
from loci.local.home import Home
from loci.local.postgres import Postgres
from loci.local.valkey import Valkey

ROLES = {"DATABASE_URL": "loci_app", "DATABASE_OWNER_URL": "loci_owner", "DATABASE_SYSTEM_URL": "loci_system"}
DATABASE = "loci"


def embedded_postgres(home: Home) -> Postgres | None:
    """Returns the Postgres of `home`, or `None` when the operator gave the URLs of another one.

    Raises `StartError` when only some of the three URLs are given.
    """
    missing = [name for name in ROLES if not _is_given(name)]
    if not missing:
        return None
    if len(missing) < len(ROLES):
        raise StartError(
            f"{' and '.join(missing)} must be set too: DATABASE_URL, DATABASE_OWNER_URL and DATABASE_SYSTEM_URL"
            " replace the embedded Postgres together."
        )
    password = home.own_secret("POSTGRES_PASSWORD")
    return Postgres(home.path / "postgres", password=password, port=_port(home.secret("DATABASE_URL")))


def embedded_valkey(home: Home) -> Valkey | None:
    """Returns the Valkey of `home`, or `None` when the operator gave a `REDIS_URL`."""
    if _is_given("REDIS_URL"):
        return None
    known = home.secret("REDIS_URL")
    return Valkey(home.path / "valkey", password=_password(known), port=_port(known))


def keep_postgres_urls(home: Home, postgres: Postgres) -> None:
    """Writes the three URLs of a prepared Postgres to the secrets: the port may be new, the passwords stay."""
    for name, role in ROLES.items():
        password = _password(home.secret(name)) or secrets.token_urlsafe(24)
        home.keep_secret(name, f"postgresql://{role}:{password}@127.0.0.1:{postgres.port}/{DATABASE}")


def _is_given(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def _port(url: str) -> int:
    return urlsplit(url).port or 0


def _password(url: str) -> str:
    return urlsplit(url).password or ""
