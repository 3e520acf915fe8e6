"""The parts of the API's description that all operations share, as OpenAPI writes them."""

from typing import Any

from loci.http.errors import INVALID_API_KEY

Json = dict[str, Any]

_ERROR: Json = {
    "type": "object",
    "description": "What went wrong. The hosted service's own keys (`error`, `message`, names of fields) stand beside.",
    "properties": {
        "detail": {"type": "string", "description": "The reason, for people."},
        "request_id": {"type": "string", "description": "As in `X-Request-Id`; the server's log has it."},
    },
    "required": ["detail", "request_id"],
}

HEADERS: Json = {
    "X-Request-Id": {"description": "The id of this request.", "schema": {"type": "string"}},
    "X-RateLimit-Limit": {"description": "The plan's rate, where it has one.", "schema": {"type": "integer"}},
    "X-RateLimit-Remaining": {"description": "Requests that are left of it.", "schema": {"type": "integer"}},
    "X-RateLimit-Reset": {"description": "When it is whole again, in epoch seconds.", "schema": {"type": "integer"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
    "Idempotent-Replayed": {
        "description": "`true` on a repeat under the same `Idempotency-Key`.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}
ON_EVERY_ANSWER = ("X-Request-Id", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")

PARAMETERS: Json = {
    "OrgId": {
        "name": "org_id",
        "in": "query",
        "description": "The organization that is meant. Another than the API key's, or the address's, is not found.",
        "schema": {"type": "string"},
    },
    "ProjectId": {
        "name": "project_id",
        "in": "query",
        "description": (
            "The project that is meant; keys of an organization and sessions must name one. Another than the API"
            " key's, or the address's, is not found."
        ),
        "schema": {"type": "string"},
    },
    "RequestId": {
        "name": "X-Request-Id",
        "in": "header",
        "description": "An id of the caller's own: 1 to 64 letters, digits, `.`, `_` and `-`; another one is replaced.",
        "schema": {"type": "string"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": (
            "Makes a change happen once, however often it is sent in 24 hours; repeats get the same bytes, unless what"
            " they tell of was deleted meanwhile."
        ),
        "schema": {"type": "string", "maxLength": 255, "pattern": "^[ -~]*$"},
    },
}
IN_EVERY_REQUEST = ("RequestId",)
OF_CALLERS = ("OrgId", "ProjectId")

ERRORS: dict[str, str] = {
    "400": "BadRequest",
    "401": "Unauthorized",
    "403": "Forbidden",
    "404": "NotFound",
    "405": "MethodNotAllowed",
    "409": "Conflict",
    "410": "Gone",
    "411": "LengthRequired",
    "413": "BodyTooLarge",
    "415": "UnsupportedMediaType",
    "429": "TooManyRequests",
    "503": "Unavailable",
}
"""The errors that operations can give, by their names among the components."""

ONLY_OF_CHANGES = frozenset({"409", "410"})
ONLY_OF_CALLERS = frozenset({"401"})


def reference(kind: str, name: str) -> Json:
    """Returns the reference to a shared part."""
    return {"$ref": f"#/components/{kind}/{name}"}


def _error(meaning: str, detail: str, *headers: str, **hosted: Any) -> Json:
    example = {"detail": detail, **hosted, "request_id": "5f0c7a54-9a53-4a8e-8f0e-3f5c3ab5b0a3"}
    return {
        "description": meaning,
        "headers": {name: reference("headers", name) for name in (*ON_EVERY_ANSWER, *headers)},
        "content": {"application/json": {"schema": reference("schemas", "Error"), "example": example}},
    }


COMPONENTS: Json = {
    "schemas": {"Error": _ERROR},
    "headers": HEADERS,
    "parameters": PARAMETERS,
    "responses": {
        "BadRequest": _error(
            "A parameter or the body is not acceptable.",
            "top_k: A valid integer is required.",
            top_k=["A valid integer is required."],
        ),
        "Unauthorized": _error("The API key is missing, unknown, expired or revoked.", INVALID_API_KEY),
        "Forbidden": _error("The API key lacks the scope.", "You do not have permission to do this."),
        "NotFound": _error(
            "There is none in the project of the API key.", "Memory not found!", error="Memory not found!"
        ),
        "MethodNotAllowed": _error(
            "The address is that of another endpoint: an id may not be its name.", 'Method "DELETE" not allowed.'
        ),
        "Conflict": _error(
            "The `Idempotency-Key` came with another request before, or the first one still runs.",
            "This Idempotency-Key was used with another request.",
        ),
        "Gone": _error("The answer is deleted.", "What this Idempotency-Key answered was deleted since."),
        "LengthRequired": _error("The body comes in chunks.", "The request needs a Content-Length."),
        "BodyTooLarge": _error("The body is too large.", "The request body is larger than 2097152 bytes."),
        "UnsupportedMediaType": _error(
            "The body is not JSON in UTF-8.", "The request body must be application/json in UTF-8."
        ),
        "TooManyRequests": _error("The plan's rate is used up.", "Request was throttled.", "Retry-After"),
        "Unavailable": _error(
            "A part of the server is busy or fails.", "Temporarily unavailable. Try again.", "Retry-After"
        ),
    },
}
