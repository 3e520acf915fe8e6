"""Mails about an organization: jobs of its control project send them (`workers.tasks.invite`)."""

from collections.abc import Mapping, Sequence
from smtplib import SMTPException
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from loci.errors import DependencyError
from loci.tenancy.context import Tenant, tenant_tx
from orgs.mails import with_html
from orgs.models import Project


def of_organization(tenant: Tenant) -> Tenant:
    """Returns the tenant with its organization: a job knows its project alone, and so sees nothing of that."""
    with tenant_tx(tenant):
        org_id = Project._base_manager.values_list("org_id", flat=True).get(id=tenant.project_id)
    return Tenant(project_id=tenant.project_id, org_id=org_id)


def send_mail(to: Sequence[str], subject: str, template: str, context: Mapping[str, Any]) -> None:
    """Sends `orgs/mail/<template>.txt`, as text and as HTML; outside of any transaction.

    Raises `DependencyError` where the mail server does not take it: the job tries again.
    """
    # Stripped, it is a plain string again: as HTML everything in it must be escaped.
    text = render_to_string(f"orgs/mail/{template}.txt", dict(context)).strip()
    # A name in the subject may hold line breaks, which would begin another header.
    mail = with_html(EmailMultiAlternatives(" ".join(subject.split()), text, to=to))
    try:
        mail.send()
    except (SMTPException, OSError) as error:
        raise DependencyError("The mail server did not take a mail.") from error
