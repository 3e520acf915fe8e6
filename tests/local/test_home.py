import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from loci.local.errors import StartError
from loci.local.home import Home


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.open(min_free_bytes=0)
    return made


def test_secrets_are_for_their_owner_only(home: Home) -> None:
    home.keep_secret("NAME", "value")

    assert mode(home.path / "secrets") == 0o700
    assert mode(home.path / "secrets" / "NAME") == 0o600
    assert list((home.path / "secrets").iterdir()) == [home.path / "secrets" / "NAME"]


def test_a_generated_secret_stays_the_same(home: Home) -> None:
    first = home.own_secret("NAME")

    assert len(first) >= 40
    assert home.own_secret("NAME") == first


def test_a_second_supervisor_is_told_so_in_one_sentence(home: Home) -> None:
    with home.locked(), pytest.raises(StartError) as told, Home(home.path).locked():
        pass

    assert f"already running in {home.path} (process {os.getpid()})" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_dead_supervisor_holds_no_lock(home: Home) -> None:
    source = (
        "import os, signal, sys; from pathlib import Path; from loci.local.home import Home;"
        "Home(Path(sys.argv[1])).locked().__enter__(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "PYTHONPATH": "platform"}
    subprocess.run([sys.executable, "-c", source, str(home.path)], env=environment, check=False)

    with home.locked():
        assert (home.path / "lock").read_text() == str(os.getpid())


def test_a_folder_that_cannot_be_made_gets_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StartError, match=r"file/home cannot be used \(Not a directory\): .* choose another LOCI_HOME"):
        Home(tmp_path / "file" / "home").open()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_gets_one_clear_sentence(home: Home) -> None:
    home.path.chmod(0)

    with pytest.raises(StartError, match=r"cannot be used \(Permission denied\)"):
        home.open()
    home.path.chmod(0o700)


def test_a_full_disk_gets_one_clear_sentence(home: Home) -> None:
    with pytest.raises(StartError, match=r"The disk of .* is full: \d+ MB are free"):
        home.open(min_free_bytes=1 << 60)
