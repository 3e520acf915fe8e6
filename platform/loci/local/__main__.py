"""`python -m loci.local`: the embedded start as a program, without Django in the process that watches the others."""

import sys

from django.core.exceptions import ImproperlyConfigured

from loci.env import home
from loci.local.console import Console
from loci.local.errors import StartError
from loci.local.start import sentence, up


def main() -> int:
    """Runs until Ctrl-C or SIGTERM and returns 0; what stops a start is one sentence on stderr, and 1."""
    try:
        up(home(), Console(sys.stdout))
    except (StartError, ImproperlyConfigured) as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(sentence(error))
    return 0


def _fail(reason: str) -> int:
    sys.stderr.write(f"{reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
