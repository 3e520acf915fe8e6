"""Jobs whose progress no event shows."""

from collections.abc import Callable

from workers.jobs import Claim
from workers.limits import Limits
from workers.tasks.running import Kind


def eventless(limits: Limits, work: Callable[[Claim], None]) -> Kind:
    """Returns the kind of job that does `work`, and of which nobody is told when it starts, pauses or is given up."""
    return Kind(limits=limits, work=work, started=_silent, paused=_silent, buried=_silent)


def _silent(_claim: Claim, _reason: str = "") -> None:
    pass
