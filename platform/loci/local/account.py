"""The account that the embedded servers run as: Postgres refuses to run as root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Account:
    """A user of this machine, by its ids."""

    name: str
    uid: int
    gid: int

    def can_reach(self, path: Path) -> bool:
        """Says whether the account may enter `path` (an existing folder) and every folder above it, by their modes."""
        return all(self._may_enter(folder.stat()) for folder in [path, *path.parents])

    def _may_enter(self, folder: os.stat_result) -> bool:
        if folder.st_uid == self.uid:
            return bool(folder.st_mode & stat.S_IXUSR)
        if folder.st_gid == self.gid:
            return bool(folder.st_mode & stat.S_IXGRP)
        return bool(folder.st_mode & stat.S_IXOTH)


def service_account() -> Account | None:
    """Returns the account for Postgres and Valkey: for root `postgres` or else `nobody`, for others `None` (itself)."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or pwd.getpwnam("nobody")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def private_folder(path: Path, account: Account | None) -> None:
    """Makes `path` (and its parents) where missing, readable for `account` only (`None`: whoever runs this)."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account:
        os.chown(path, account.uid, account.gid)
    path.chmod(0o700)
