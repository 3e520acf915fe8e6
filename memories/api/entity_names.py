"""Which entity an address means (contract.md §6.2, §6.3)."""

import re
from urllib.parse import unquote

from rest_framework.request import Request

from loci.errors import DomainError
from memories.api.fields import EntityIdField
from memories.scope import EntityType

INVALID_TYPE = "Invalid entity type"
INVALID_NUMBER = "Invalid entity ID. Must be an integer."
CUT_NAME = 'The address may have been cut off at a "?" or "#" in the name: encode the name, and end with a slash.'

MAX_DIGITS = 18

_REST_OF_NAME = re.compile(r"(.*)/(&[^/]*)?")
_SELECTION = {"org_id", "project_id"}


def read_type(text: str) -> EntityType:
    """Returns the type; raises `DomainError` (400) for another word."""
    if text not in list(EntityType):
        raise DomainError(INVALID_TYPE, body={"message": INVALID_TYPE})
    return EntityType(text)


def read_number(text: str) -> int:
    """Returns the number; raises `DomainError` (400) for what is none. One longer than any entity's becomes 0."""
    if not re.fullmatch(r"-?[0-9]+", text):
        raise DomainError(INVALID_NUMBER, body={"error": INVALID_NUMBER})
    return int(text) if len(text) <= MAX_DIGITS else 0


def read_name(request: Request, in_path: str) -> str:
    """Returns the name in its one spelling, given what the route found of it; raises `ValidationError` (400).

    Older clients put names into the address as they are. A "?" then begins the query, which ends in the slash of the
    address; or, like a "#", it cuts the address off. What can be put together again is. The rest is refused with a
    `DomainError` (400): "a" in place of "a?b" would erase somebody else.
    """
    name: str = EntityIdField().run_validation(in_path + _rest_of_name(request))
    return name


def _rest_of_name(request: Request) -> str:
    """Official clients always end the address in a slash, and add their own parameters after it.

    People may leave it out: they send neither the header nor the parameters of these clients.
    """
    if request.path.endswith("/"):
        return ""
    rest = _REST_OF_NAME.fullmatch(request.META.get("QUERY_STRING", ""))
    if rest:
        return "?" + unquote(rest[1])
    if "Mem0-User-ID" in request.headers or _SELECTION & request.query_params.keys():
        raise DomainError(CUT_NAME)
    return ""
