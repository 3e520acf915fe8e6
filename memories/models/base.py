"""What rows have in common."""

from django.db import models

from loci.tenancy.models import ProjectTable


class Scoped(ProjectTable):
    """A row that belongs to entities: the ids by which the application calls its user, agent, app and run."""

    user_id = models.CharField(max_length=256, null=True)  # noqa: DJ001 - NULL is "none", which filters ask for
    agent_id = models.CharField(max_length=256, null=True)  # noqa: DJ001 - as above
    app_id = models.CharField(max_length=256, null=True)  # noqa: DJ001 - as above
    run_id = models.CharField(max_length=256, null=True)  # noqa: DJ001 - as above

    class Meta:
        abstract = True


class Attributed(models.Model):
    """A row that says who asked for it: the person for whom the caller acted, and the API key, where it was one."""

    actor_id = models.UUIDField(null=True)
    key_id = models.UUIDField(null=True)

    class Meta:
        abstract = True
