"""Changes of API keys (reliability.md §2.1)."""

from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from loci.errors import DomainError, NotFound
from loci.tenancy.context import org_tx, tenant_tx
from orgs import audit, keys
from orgs.models import ApiKey, KeyKind, Project, User
from orgs.queries import Caller, Key, Place
from orgs.roles import BOUND_SCOPES, scopes_in_organization, scopes_in_project
from orgs.services.authority import check_unrestricted, forbidden

TOUCH_EVERY = timedelta(minutes=1)
LIVE = (keys.KeyState.ACTIVE, keys.KeyState.RETIRING)

KEY_NOT_FOUND = "API key not found"
ONLY_ITS_MAKER = "A key acts as its maker, so only they may rotate it."
ONLY_LIVE = "The API key is revoked, expired or rotated."
ONLY_ONCE = "The API key was rotated already."
ONLY_EARLIER = "A key may end earlier than it would, never later."


@dataclass(frozen=True)
class Restrictions:
    """What a key may not do that its maker may: no `scopes` and no `entity` (`user:alex`) restrict nothing."""

    scopes: tuple[str, ...] = ()
    entity: str = ""
    expires_at: datetime | None = None
    allowed_cidrs: tuple[str, ...] = ()
    rate_per_minute: int | None = None
    daily_quota: int | None = None


SAME = ("org_id", "project_id", "created_by_id", "kind", "name", *(field.name for field in fields(Restrictions)))
"""What a key shares with the one that it takes the place of."""


@dataclass(frozen=True)
class NewKey:
    """A key that was just made. `secret` is the key itself: nobody can see it again."""

    row: ApiKey
    secret: str


def create_api_key(
    *, project: Project, maker: User, name: str, scopes: tuple[str, ...] | None = None, entity: str = ""
) -> str:
    """Makes a key of `project` and returns it: the only time that it can be seen.

    With `scopes`, or bound to an `entity` (`user:alex`), it is a restricted one; else it acts as its maker. This is
    for whoever sets a project up; people and keys make keys by `create_key`.
    """
    restrictions = _with_scopes(Restrictions(scopes=scopes or (), entity=entity))
    with org_tx(project.org_id):
        return _store(
            org_id=project.org_id,
            project_id=project.id,
            created_by=maker,
            kind=_kind(restrictions),
            name=name,
            **asdict(restrictions),
        ).secret


def create_key(by: Caller, name: str, restrictions: Restrictions) -> NewKey:
    """Makes a key of the caller's project, or of their organization, that acts as the caller within `restrictions`.

    A bound key without scopes has all that a bound one may have. Raises `DomainError` (403) for scopes that the caller
    lacks, and for callers with a key that may not make others.
    """
    place, restrictions = by.here, _with_scopes(restrictions)
    with tenant_tx(place.control):
        check_unrestricted(by)
        if lacking := sorted(set(restrictions.scopes) - _grantable(place)):
            raise forbidden(f"You cannot grant what you lack: {', '.join(lacking)}.")
        kind = _kind(restrictions) if place.project_id else KeyKind.ORGANIZATION
        new = _store(
            org_id=place.org_id,
            project_id=_project_id(place),
            created_by_id=by.user_id,
            kind=kind,
            name=name,
            is_confined=by.is_confined,
            **asdict(restrictions),
        )
        audit.record(by, "key.create", "key", new.row.id, kind=kind, scopes=sorted(restrictions.scopes))
    return new


def keys_of(place: Place) -> QuerySet[ApiKey]:
    """Returns the keys of the project, or of the organization itself, newest first; inside its `tenant_tx`."""
    found = ApiKey.objects.select_related("created_by").filter(project_id=_project_id(place))
    if place.project_id is None:
        found = found.filter(kind=KeyKind.ORGANIZATION)
    return found.order_by("-created_at", "-id")


def find_key(place: Place, key_id: str) -> ApiKey:
    """Returns the key of this id, inside the place's `tenant_tx`. Raises `NotFound` for one of any other place."""
    return _one(keys_of(place), key_id)


def change_key(by: Caller, key_id: str, **changes: Any) -> ApiKey:
    """Changes `name`, `expires_at` (to earlier), `allowed_cidrs`, `rate_per_minute` or `daily_quota` of a live key.

    What a key may do never widens: scopes and entity stay. Raises `NotFound`, and `DomainError`: 409 for a key that no
    longer works, 400 for a later end, 403 for callers with a key that may not change others.
    """
    with tenant_tx(by.here.control):
        row = _live(by, key_id)
        if row.expires_at and changes.get("expires_at", row.expires_at) > row.expires_at:
            raise DomainError(ONLY_EARLIER, body={"errors": {"expires_at": [ONLY_EARLIER]}})
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(update_fields=list(changes))
        audit.record(by, "key.change", "key", row.id, settings=sorted(changes))
    return row


def revoke_key(by: Caller, key_id: str) -> ApiKey:
    """Ends a key at once; one that is revoked stays so. Raises `NotFound`."""
    with tenant_tx(by.here.control):
        row = find_key(by.here, key_id)
        if revoke(row):
            audit.record(by, "key.revoke", "key", row.id)
    return row


def revoke(row: ApiKey) -> bool:
    """Ends the key and tells whether it was not revoked before; of two at once, one is told so."""
    row.revoked_at = row.revoked_at or timezone.now()
    return bool(ApiKey.objects.filter(id=row.id, revoked_at=None).update(revoked_at=row.revoked_at))


def rotate_key(by: Caller, key_id: str, grace: timedelta) -> NewKey:
    """Makes a key with the same restrictions in place of a live one, which works on for `grace`.

    It is confined to the organization if the old one or the caller is.

    Raises `NotFound`, and `DomainError`: 409 for a key that no longer works or was rotated already, 403 for anybody but
    its maker and for callers with a key that may not make others.
    """
    with tenant_tx(by.here.control):
        old = _live(by, key_id)
        if old.created_by_id != by.user_id:
            raise forbidden(ONLY_ITS_MAKER)
        if old.grace_until is not None:
            raise DomainError(ONLY_ONCE, status=409, body={"message": ONLY_ONCE})
        same = {column: getattr(old, column) for column in SAME}
        new = _store(rotated_from=old.id, is_confined=old.is_confined or by.is_confined, **same)
        ApiKey.objects.filter(id=old.id).update(grace_until=timezone.now() + grace)
        audit.record(by, "key.rotate", "key", old.id, successor=str(new.row.id))
    return new


def touch_key(caller: Caller, key: str) -> None:
    """Notes that `key` is in use, with which the caller came, at most once a minute.

    One under the old pepper moves to the new one.
    """
    facts, now = cast("Key", caller.key), timezone.now()
    changes: dict[str, object] = {}
    if facts.last_used_at is None or now - facts.last_used_at >= TOUCH_EVERY:
        changes["last_used_at"] = now
    if facts.pepper_id != keys.pepper_id():
        changes |= {"digest": keys.digest(key), "pepper_id": keys.pepper_id()}
    if changes:
        with org_tx(facts.home.org_id):
            ApiKey.objects.filter(id=facts.id).update(**changes)


def _store(*, kind: str, **columns: Any) -> NewKey:
    secret = keys.new_key(kind)
    secrets = {"digest": keys.digest(secret), "pepper_id": keys.pepper_id(), "display": keys.display(secret)}
    made = ApiKey.objects.create(kind=kind, **columns, **secrets)
    return NewKey(ApiKey.objects.select_related("created_by").get(id=made.id), secret)


def _with_scopes(restrictions: Restrictions) -> Restrictions:
    if restrictions.entity and not restrictions.scopes:
        return replace(restrictions, scopes=tuple(sorted(BOUND_SCOPES)))
    return restrictions


def _kind(restrictions: Restrictions) -> str:
    return KeyKind.RESTRICTED if restrictions.scopes or restrictions.entity else KeyKind.PROJECT


def _project_id(place: Place) -> UUID:
    return place.project_id or place.control_id


def _grantable(place: Place) -> frozenset[str]:
    """What the person may do here; a key of the organization may act in any of its projects."""
    return scopes_in_organization(place.org_role) | scopes_in_project(place.org_role, place.project_role)


def _live(by: Caller, key_id: str) -> ApiKey:
    """The key, locked until the end of the transaction, for a caller who may change it."""
    check_unrestricted(by)
    row = _one(keys_of(by.here).select_for_update(of=["self"]), key_id)
    if keys.state_of(row) not in LIVE:
        raise DomainError(ONLY_LIVE, status=409, body={"message": ONLY_LIVE})
    return row


def _one(found: QuerySet[ApiKey], key_id: str) -> ApiKey:
    try:
        return found.get(id=UUID(key_id))
    except (ValueError, ApiKey.DoesNotExist):
        raise NotFound(KEY_NOT_FOUND, body={"message": KEY_NOT_FOUND}) from None
