import os
import signal
import subprocess
import sys

from loci.local.programs import end, marked

WAIT = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_only_the_processes_of_this_home_are_found_and_ended() -> None:
    ours = subprocess.Popen(WAIT, env={**os.environ, "LOCI_TEST_MARK": "/home/a"})
    foreign = subprocess.Popen(WAIT, env={**os.environ, "LOCI_TEST_MARK": "/home/ab"})

    end(marked("LOCI_TEST_MARK", "/home/a"), signal.SIGTERM, grace_s=5)

    assert ours.wait(timeout=30) == -signal.SIGTERM
    assert foreign.poll() is None
    foreign.kill()
    foreign.wait()
