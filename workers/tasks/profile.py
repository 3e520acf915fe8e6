"""The Celery task of profiles."""

from uuid import UUID

from django.conf import settings

from loci.tenancy.context import Tenant
from memories.services.profiles import give_up, mark_running, perform_profiles
from workers.celery import app
from workers.jobs import Claim
from workers.limits import limits
from workers.tasks.running import Kind, run

LIMITS = limits(settings.LLM_BUDGET_S)
"""Of one profile: a call to the model, and a repair."""


def _goes_on(_claim: Claim) -> None:
    """A generation that pauses is still under way."""


PROFILE = Kind(limits=LIMITS, work=perform_profiles, started=mark_running, paused=_goes_on, buried=give_up)


@app.task(name="workers.tasks.profile", soft_time_limit=LIMITS.soft, time_limit=LIMITS.hard)
def profile(project_id: str, job_id: str) -> None:
    """Answers the doorbell: generates the next profile, if one is left."""
    run(PROFILE, Tenant(project_id=UUID(project_id)), UUID(job_id))
