"""The API's description as readers of `/docs` see it (OpenAPI 3.1)."""

import re
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry

from loci.http.shared_schema import (
    COMPONENTS,
    ERRORS,
    IN_EVERY_REQUEST,
    OF_CALLERS,
    ON_EVERY_ANSWER,
    ONLY_OF_CALLERS,
    ONLY_OF_CHANGES,
    Json,
    reference,
)

_NO_WORD = re.compile(r"[^a-z0-9]+")
_SOURCE = re.compile(r"\s*\((?:contract|design|reliability)\.md[^)]*\)")


class OperationSchema(AutoSchema):
    """Describes an operation: what its view declares, and what all operations share.

    A view declares with `@extend_schema` its request, whatever the method, and its answers; one that is not given by
    status is that of 200. Errors, headers and `Idempotency-Key` are added here. An operation is a change unless it is
    a GET, its scope ends in `:read`, or its view `changes_nothing`.
    """

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Json | None:
        """Returns the operation."""
        operation: Json | None = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is not None:
            operation["parameters"] = [*operation.get("parameters", []), *self._shared_parameters()]
            _add_headers(operation["responses"], changes=self._is_change())
            operation["responses"] = dict(sorted((self._shared_errors() | operation["responses"]).items()))
        return operation

    def get_operation_id(self) -> str:
        """Returns the summary as a name: `add_memories_v1`."""
        return _NO_WORD.sub("_", (self.get_summary() or self.path).lower().replace("'", "")).strip("_")

    def get_request_serializer(self) -> Any:
        """Returns None: views declare their requests."""
        return None

    def _get_request_body(self, direction: Any = "request") -> Json | None:
        """A GET or DELETE has the body that its view declares: clients send some."""
        if self.get_request_serializer() is None:
            return None
        method, self.method = self.method, "POST"
        try:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]  # drf-spectacular's has none
        finally:
            self.method = method

    def _get_response_bodies(self, _direction: Any = "response") -> Json:
        """An answer without a status is that of 200: DELETE too answers with JSON; others are of (status, type)."""
        declared = self.get_response_serializers()
        found: Json = {}
        for key, each in (declared if isinstance(declared, dict) else {200: declared}).items():
            status, answer = self._answer(key, each)
            if status in found:
                found[status]["content"] |= answer["content"]
            else:
                found[status] = answer
        return found

    def _answer(self, key: Any, declared: Any) -> tuple[str, Json]:
        status, *types = key if isinstance(key, tuple) else (key,)
        answer = self._get_response_for_code(declared, str(status), types or None)  # type: ignore[no-untyped-call]  # as above
        return str(status), {**answer, "description": answer["description"] or "Done."}

    def _shared_parameters(self) -> list[Json]:
        names = [
            *(OF_CALLERS if self._has_caller() else []),
            *IN_EVERY_REQUEST,
            *(["IdempotencyKey"] if self._is_change() else []),
        ]
        return [reference("parameters", name) for name in names]

    def _shared_errors(self) -> Json:
        return {
            status: reference("responses", name)
            for status, name in ERRORS.items()
            if (self._is_change() or status not in ONLY_OF_CHANGES)
            and (self._has_caller() or status not in ONLY_OF_CALLERS)
        }

    def _has_caller(self) -> bool:
        return bool(self.view.get_authenticators())

    def _is_change(self) -> bool:
        """An operation without a caller has no place in which an `Idempotency-Key` could be kept."""
        scope: str = getattr(self.view, "scopes", {}).get(self.method, "")
        reads = self.method == "GET" or scope.endswith(":read") or getattr(self.view, "changes_nothing", False)
        return self._has_caller() and not reads


def _add_headers(answers: Json, *, changes: bool) -> None:
    names = [*ON_EVERY_ANSWER, *(["Idempotent-Replayed"] if changes else [])]
    for answer in answers.values():
        answer["headers"] = {**{name: reference("headers", name) for name in names}, **answer.get("headers", {})}


def with_shared_parts(result: Json, **_: Any) -> Json:
    """Returns the description with the parts that its operations refer to."""
    own = result["components"]
    result["components"] = {
        kind: dict(sorted({**own.get(kind, {}), **COMPONENTS.get(kind, {})}.items()))
        for kind in sorted({*own, *COMPONENTS})
    }
    return result


def for_readers(result: Any, **_: Any) -> Any:
    """Returns the description without the places that docstrings cite, and without drf-spectacular's own marks."""
    if isinstance(result, list):
        return [for_readers(item) for item in result]
    if not isinstance(result, dict):
        return result
    return {
        key: _SOURCE.sub("", value) if key == "description" and isinstance(value, str) else for_readers(value)
        for key, value in result.items()
        if key != "x-spec-enum-id"
    }
