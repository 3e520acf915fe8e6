"""The job of an export."""

from loci.tenancy.context import tenant_tx
from memories.exports.files import write_file
from memories.exports.filling import fill_schema
from memories.models import Export, ExportFormat
from workers import jobs
from workers.jobs import Claim


def perform_export(claim: Claim) -> None:
    """Takes one step of a claimed export. Raises `jobs.Unfinished` when more is left, and `Fenced`."""
    with tenant_tx(claim.tenant):
        jobs.hold(claim)
        export = Export.objects.get(id=claim.event_id)
    step = fill_schema if export.format == ExportFormat.SCHEMA else write_file
    step(claim, export)
