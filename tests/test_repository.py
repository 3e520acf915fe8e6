"""What the checkout itself must be."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from loci.env import ROOT

FOREIGN = {
    "a registry's host": re.compile(
        r"(files\.python" + r"hosted|pypi\." + r"org|registry\.npm" + r"js|registry\.yarn" + r"pkg)", re.IGNORECASE
    ),
    "a path of somebody's machine": re.compile(r"(?<![\w.<>/-])/(?:" + r"work|root|home/\w+|Users)/[\w.-]"),
    "a package index": re.compile(r"https?://[\w.-]+(?::\d+)?/(?:simple|pypi|npm)/"),
}


def files() -> list[Path]:
    """Returns every file that is, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [ROOT / name for name in sorted(listed.stdout.decode().split("\0")) if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("cwd", [".", "platform", "platform/loci", "orgs", "tests", "/"])
def test_import_platform_is_pythons_from_everywhere(cwd: str) -> None:
    """With and without the working directory first on the path, as `python -c` and `python -m` put it there."""
    code = "import platform; print(platform.python_version())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / cwd,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == (".".join(map(str, sys.version_info[:3])), "")


def test_platform_is_a_source_root_and_no_package() -> None:
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_no_committed_file_names_a_registry_or_a_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {rule}"
        for path in files()
        for number, line in enumerate(path.read_bytes().decode(errors="replace").splitlines(), start=1)
        for rule, pattern in FOREIGN.items()
        if pattern.search(line)
    ]
    assert found == []


def test_no_committed_file_is_a_lock_with_addresses() -> None:
    assert [path.name for path in files() if path.name in {"uv.lock", "poetry.lock"}] == []


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("from https://py" + "pi.org/simple/x", "a registry's host"),
        ("https://registry.npm" + "js.org/x", "a registry's host"),
        ("open('/wor" + "k/main/x')", "a path of somebody's machine"),
        ("HOME=/roo" + "t/x", "a path of somebody's machine"),
    ],
)
def test_the_rules_find_what_they_are_for(line: str, rule: str) -> None:
    assert FOREIGN[rule].search(line)
