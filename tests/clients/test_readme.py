import ast
import re
import subprocess

from loci.env import ROOT
from tests.clients.driver import client_environment
from tests.clients.releases import client_python
from tests.clients.server import Server


def paste_into_a_shell(lines: str, server: Server) -> list[str]:
    """Returns what a Python shell, with the client installed, shows for these lines."""
    shell = subprocess.run(
        [str(client_python("2.2.1")), "-i", "-q"],
        input=lines,
        env=client_environment(server),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Traceback" not in shell.stderr, shell.stderr
    return shell.stdout.splitlines()


def test_the_example_of_the_readme_works_as_pasted(server: Server) -> None:
    [example] = re.findall(r"```python\n(.*?MemoryClient.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = f"KEY = {server.api_key!r}\n" + example.replace("http://localhost:8000", server.host)

    _, found = paste_into_a_shell(lines, server)

    scores = {hit["memory"]: hit["score"] for hit in ast.literal_eval(found)["results"]}
    assert set(scores) == {"Lives in San Francisco", "Does not like cheese"}
    assert all(0 < score < 1 for score in scores.values())
