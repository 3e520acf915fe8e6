"""Reads settings from the environment: `NAME`, the file named by `NAME_FILE`, or the secrets of an embedded start."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parents[2]
"""The checkout: where manage.py stands."""


def home() -> Path:
    """Returns the folder of the embedded services' data and secrets (`LOCI_HOME`).

    As root the default lies outside of the checkout, because Postgres runs as another user that must reach it.
    """
    default = Path("/var/lib/loci") if os.geteuid() == 0 else ROOT / ".loci"
    return Path(os.environ.get("LOCI_HOME") or default)


def env(name: str, default: str = "") -> str:
    """Returns the setting `name`.

    It is the variable, the text of the file that `<name>_FILE` names, of `LOCI_HOME/secrets/<name>`, or `default`.

    Raises `ImproperlyConfigured` when `<name>_FILE` cannot be read.
    """
    if value := os.environ.get(name):
        return value
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from error
    secret = home() / "secrets" / name
    return secret.read_text().strip() if _readable(secret) else default


def env_int(name: str, default: int) -> int:
    """Returns the setting `name` as an integer; raises `ImproperlyConfigured` for anything else."""
    value = env(name, str(default))
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from error


def env_days(name: str, default: int) -> timedelta | None:
    """Returns the setting `name`, a number of days; 0 is None: for ever. Raises `ImproperlyConfigured` for others."""
    days = env_int(name, default)
    if days < 0:
        raise ImproperlyConfigured(f"{name} must be a number of days, or 0 for ever.")
    return timedelta(days=days) if days else None


def env_float(name: str, default: float | None) -> float | None:
    """Returns the number of a setting; raises `ImproperlyConfigured` for what is none."""
    text = env(name)
    try:
        return float(text) if text else default
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a number, not {text!r}.") from None


def env_floats(name: str, default: str) -> list[float]:
    """Returns the numbers of a setting, none below 0, separated by commas; else raises `ImproperlyConfigured`."""
    text = env(name, default)
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or not all(0 <= number < math.inf for number in numbers):
        raise ImproperlyConfigured(f"{name} must be numbers from 0 on with commas between, not {text!r}.")
    return numbers


def env_one_of(name: str, values: Sequence[str]) -> str:
    """Returns the setting `name`, the first of `values` by default; raises `ImproperlyConfigured` for another text."""
    value = env(name, values[0])
    if value not in values:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(values)}, not {value!r}.")
    return value


def env_bool(name: str, default: bool) -> bool:
    """Returns the setting `name` as a truth value: 1, true, yes and on are true, in any case."""
    return env(name, str(default)).lower() in {"1", "true", "yes", "on"}


@dataclass(frozen=True)
class MailServer:
    """How mails leave: `backend` is the name of one of Django's. TLS from the first byte, or started, or neither."""

    backend: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    is_tls: bool = False
    starts_tls: bool = False


def mail_server(url: str) -> MailServer:
    """Returns what `EMAIL_URL` names: `console://`, `smtp://user:password@host:587?tls=1` or `smtps://…:465`.

    Raises `ImproperlyConfigured` for anything else.
    """
    if url == "console://":
        return MailServer("console")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"EMAIL_URL is no URL: {error}.") from error
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ImproperlyConfigured("EMAIL_URL must be console://, smtp://host or smtps://host.")
    is_tls = parts.scheme == "smtps"
    return MailServer(
        "smtp",
        host=parts.hostname,
        port=port or (465 if is_tls else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_tls=is_tls,
        starts_tls=not is_tls and parse_qs(parts.query).get("tls") == ["1"],
    )


def _readable(path: Path) -> bool:
    return os.access(path, os.R_OK)
