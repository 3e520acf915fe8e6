"""Profiles follow the memories that they are made of: those whose memories have changed are generated again.

The schedule looks at all profiles of a project once a day, and whoever deletes or hides a memory at those that are
outdated by it, a few minutes later. A profile of unchanged memories costs no model, however often it is looked at.
"""

from collections.abc import Sequence
from uuid import UUID

from loci.tenancy.context import tenant_tx
from memories.lifecycle.profiles import stamps_of
from memories.models import Profile, ProfileStatus
from memories.services.profiles import request_refresh, settings_of_profiles
from workers import jobs
from workers.jobs import Claim

BATCH = 100
"""Profiles that are looked at in one commit, and the most that one generation is about."""


def perform_refresh(claim: Claim) -> None:
    """Takes one step through the project's profiles. Raises `jobs.Unfinished` when others are left."""
    with tenant_tx(claim.tenant):
        seen = _next_profiles(claim) if settings_of_profiles().enabled else []
        if changed := _changed(seen):
            request_refresh(changed)
        if len(seen) < BATCH:
            jobs.finish(claim)
            return
        jobs.advance(claim, {**(claim.cursor or {}), "after": str(seen[-1].id)})
    raise jobs.Unfinished


def _next_profiles(claim: Claim) -> list[Profile]:
    cursor = claim.cursor or {}
    profiles = Profile.objects.select_related("entity").order_by("id")
    if cursor.get("outdated"):
        # A model that could not be had is asked again the next day.
        profiles = profiles.filter(stamp="").exclude(status=ProfileStatus.FAILED)
    if after := cursor.get("after"):
        profiles = profiles.filter(id__gt=UUID(after))
    return list(profiles[:BATCH])


def _changed(profiles: Sequence[Profile]) -> list[UUID]:
    """Their users."""
    stamps = stamps_of([profile.entity.name for profile in profiles])
    return [profile.entity.id for profile in profiles if profile.stamp != stamps[profile.entity.name]]
