"""Who may hand on what they may do: keys, roles, identity providers and organizations."""

from dataclasses import replace

from loci.errors import DomainError, NotFound
from orgs.queries import Caller, place_of
from orgs.roles import SCOPES
from orgs.services.owners import lock_members

ONLY_UNRESTRICTED = "A key that is restricted, limited or about to end gives no keys, roles and providers."
LOST = "Your role does not allow this any more."
GONE = "Organization or project not found"


def is_unrestricted(by: Caller) -> bool:
    """Tells whether the caller is a person, or a key that may do all that its maker may, from anywhere and for ever."""
    key = by.key
    if key is None:
        return True
    is_restricted = key.narrows(SCOPES) != SCOPES or key.entity
    is_limited = key.allowed_cidrs or key.rate_per_minute is not None or key.daily_quota is not None
    return not (is_restricted or is_limited or key.is_ending)


def check_unrestricted(by: Caller) -> None:
    """Raises `DomainError` (403) unless `is_unrestricted`: a key hands out nothing beyond itself."""
    if not is_unrestricted(by):
        raise forbidden(ONLY_UNRESTRICTED)


def lock_members_as(by: Caller) -> Caller:
    """Does `lock_members`, and returns the caller with the roles that they have now, after the wait for it.

    Raises `DomainError` (403) where these do not administer `by.here` any more, and `NotFound` where they see it no
    more.
    """
    lock_members()
    place = place_of(by, org=by.here.org_public_id, project=by.here.project_public_id)
    if place is None:
        raise NotFound(GONE, body={"message": GONE})
    now = replace(by, place=place)
    if ("project:admin" if place.project_id else "org:admin") not in now.scopes:
        raise forbidden(LOST)
    return now


def forbidden(words: str) -> DomainError:
    """Returns the error (403) that says why in a sentence (contract.md §2)."""
    return DomainError(words, status=403, body={"message": words})
