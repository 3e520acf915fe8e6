"""Profiles of users (contract.md §12): attributes and memories in the form of a schema, by a model or without one."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q

from loci.net.endpoint import endpoint
from memories.attributes import current_attributes
from memories.extraction.asking import NoValidAnswer
from memories.json_schemas import InvalidSchema, Json, misfits
from memories.lifecycle import derived
from memories.lifecycle.derived import Covered, cover
from memories.lifecycle.profiles.plain import Material, filled
from memories.models import Entity, ProfileStatus, Trust

MAX_MEMORIES = 200
_TRUSTED = ~Q(trust=Trust.EXTERNAL)


@dataclass(frozen=True)
class Generated:
    """What became of a generation; `error` says why there is no profile."""

    status: ProfileStatus
    content: Json
    error: str = ""


def known_of(user: Entity) -> tuple[Material, Covered]:
    """Returns what is known of a user, and the memories that it comes from; inside a `tenant_tx`.

    What documents and web pages say is left out: whoever wrote them is not the user.
    """
    covered = cover(Q(user_id=user.name) & _TRUSTED, most=MAX_MEMORIES)
    supporting = {memory.id for memory in covered.memories}
    attributes = {
        attribute.key: told.value or ""
        for attribute, told in current_attributes(user)
        if attribute.memory_id in supporting
    }
    return Material(attributes, covered.memories), covered


def stamps_of(names: Collection[str]) -> dict[str, str]:
    """Returns the stamp that `known_of` would, for each of these users; inside a `tenant_tx`."""
    return derived.stamps_of(names, _TRUSTED)


def generate(material: Material, schema: Json, instructions: str) -> Generated:
    """Returns the profile that is made of the material, outside of any transaction.

    Raises `DependencyError` while the model cannot be had; that its answers do not fit is a failed generation.
    """
    if not material.memories:
        return Generated(ProfileStatus.INSUFFICIENT_DATA, {})
    try:
        profile = _made(material, schema, instructions)
        missing = [misfit.says for misfit in misfits(schema, profile) if misfit.rule == "required"]
    except NoValidAnswer as error:
        return Generated(ProfileStatus.FAILED, {}, f"No answer of the model was a profile: {error.reason}.")
    except InvalidSchema as error:
        return Generated(ProfileStatus.FAILED, {}, f"The schema cannot be used: {error}")
    if missing or not profile:
        return Generated(ProfileStatus.INSUFFICIENT_DATA, {}, "; ".join(missing))
    return Generated(ProfileStatus.SUCCEEDED, profile)


def _made(material: Material, schema: Json, instructions: str) -> Json:
    model = endpoint()
    if model is None:
        return filled(schema, material)
    model.breaker.check()
    from memories.lifecycle.profiles.model import written_by  # noqa: PLC0415 - the SDK costs 38 MB where it is unused

    return written_by(model, material, schema, instructions)
