"""`LOCI_HOME`: the folder of an embedded start, with its lock, secrets and data."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loci.local.account import service_account
from loci.local.errors import StartError

MIN_FREE_BYTES = 256 * 1024 * 1024
"""Room for an empty database and its write-ahead log."""


class Home:
    """The folder `path`, made where missing. Secrets are files of `path/secrets`, mode 0600 (read by `loci.env`)."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.credentials = self.path / "credentials.json"
        self._secrets = self.path / "secrets"

    def open(self, min_free_bytes: int = MIN_FREE_BYTES) -> None:
        """Makes the folders; raises `StartError` where they cannot be used or the disk is (nearly) full."""
        try:
            # The servers' account has to pass through to its own folders; it can list nothing here.
            self.path.mkdir(mode=0o711 if service_account() else 0o700, parents=True, exist_ok=True)
            self._secrets.mkdir(mode=0o700, exist_ok=True)
            self._secrets.chmod(0o700)
            list(self._secrets.iterdir())
        except OSError as error:
            raise StartError(
                f"The folder {error.filename or self.path} cannot be used ({error.strerror}):"
                " run as its owner, or choose another LOCI_HOME."
            ) from error
        free = shutil.disk_usage(self.path).free
        if free < min_free_bytes:
            raise StartError(
                f"The disk of {self.path} is full: {free >> 20} MB are free, a start needs {min_free_bytes >> 20} MB."
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the folder for one supervisor, as long as it lives; raises `StartError` when another one has it."""
        with (self.path / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                lock.seek(0)
                raise StartError(
                    f"Loci is already running in {self.path} (process {lock.read().strip() or 'unknown'}):"
                    " use that one, stop it, or choose another LOCI_HOME and LOCI_PORT."
                ) from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def secret(self, name: str) -> str:
        """Returns the secret `name` of this folder, "" when there is none."""
        path = self._secrets / name
        return path.read_text().strip() if path.exists() else ""

    def keep_secret(self, name: str, value: str) -> None:
        """Writes the secret `name`: whole or not at all, also when the machine loses power."""
        new = self._secrets / f".{name}.new"
        new.touch(mode=0o600)
        with new.open("w") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._secrets / name)

    def own_secret(self, name: str) -> str:
        """Returns the secret `name` of this folder, generated at its first use."""
        if not self.secret(name):
            self.keep_secret(name, secrets.token_urlsafe(48))
        return self.secret(name)

    def metrics(self) -> Path:
        """Returns the folder in which the processes of this start count, emptied of what an earlier one left."""
        folder = self.path / "metrics"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        return folder
