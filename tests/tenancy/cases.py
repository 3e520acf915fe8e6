"""How every endpoint of the API is called, and by which ids somebody else's rows could be named in a call.

A new endpoint needs a row in `CASES` (or in `PUBLIC`, where it knows no tenant): `test_matrix.py` fails without it.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Ids:
    """Everything by which a request can name what belongs to somebody.

    Beside these, `{my_org}` and `{my_project}` stand for the caller's own.
    """

    memory: str
    event: str
    quarantined: str
    review: str
    decided: str
    profile_job: str
    export: str
    user: str
    agent: str
    app: str
    run: str
    attribute: str
    entity_number: str
    org: str
    project: str
    idempotency_key: str
    api_key: str
    organization_key: str
    invitation: str
    member: str
    invited: str
    domain: str
    provider: str
    request: str
    webhook: str
    message: str


@dataclass(frozen=True)
class Call:
    """A request whose strings hold the names of `Ids` in braces."""

    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def naming(self, ids: Ids) -> "Call":
        """Returns the request with the ids filled in."""
        return self._with(asdict(ids))

    def by(self, org: str, project: str) -> "Call":
        """Returns the request of somebody whose own organization and project these are."""
        return self._with({"my_org": org, "my_project": project})

    def about(self, kind: str) -> "Call":
        """Returns the request about an entity of another type, "agent" or "app", where it is about a user."""
        return Call(**{part: _about(kind, value) for part, value in asdict(self).items()})

    def _with(self, names: dict[str, str]) -> "Call":
        return Call(**{part: _filled(value, names) for part, value in asdict(self).items()})


def _about(kind: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {f"{kind}_id" if key == "user_id" else key: _about(kind, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_about(kind, inner) for inner in value]
    return value.replace("{user}", f"{{{kind}}}") if isinstance(value, str) else value


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, names) for inner in value]
    if not isinstance(value, str):
        return value
    for name, filled in names.items():
        value = value.replace("{" + name + "}", filled)
    return value


@dataclass(frozen=True)
class Case:
    """`usual` is a call that everybody may make about their own; each of `others` names something in another place."""

    usual: Call
    others: tuple[Call, ...] = ()

    def calls(self) -> list[Call]:
        """Returns every call in which an id of somebody else may stand."""
        return [self.usual, *self.others]

    def in_the_project(self, ids: Ids) -> list[Call]:
        """Returns the usual call, still to be filled in, with `ids` as the organization or project that is meant."""
        usual, selection = self.usual, [{"org_id": ids.org}, {"project_id": ids.project}, {"orgId": ids.org}]
        body = usual.body or {}
        return [
            *(replace(usual, query=usual.query | each) for each in selection),
            *(replace(usual, body=body | each) for each in selection if usual.body is not None),
            replace(usual, headers={"Mem0-User-ID": ids.org}),
        ]


_MOMENTS = ({"as_of": "2099-01-01"}, {"known_at": "2099-01-01", "as_of": "2099-01-01"})
"""A time of which everything that is stored is told."""


def _filters(path: str, **body: Any) -> Case:
    """A list or search: the ids stand in its filters, or beside them."""
    by_entity = [{f"{kind}_id": "{" + kind + "}"} for kind in ("user", "agent", "app", "run")]
    filters: list[dict[str, Any]] = [
        *by_entity,
        {"user_id": "*", "memory_ids": ["{memory}"]},
        {"user_id": {"in": ["{user}", "nobody"]}},
        {"OR": by_entity},
        {"AND": [{"user_id": "*"}, {"NOT": {"agent_id": "{agent}"}}]},
    ]
    beside = {"filters": {"user_id": "*"}, "user_id": "{user}"}
    calls = [Call(path, body={**body, "filters": each}) for each in filters]
    then = [Call(path, body={**body, "filters": each, **moment}) for each in filters for moment in _MOMENTS]
    return Case(calls[0], (*calls[1:], *then, Call(path, body={**body, **beside})))


def _query_list(path: str) -> Case:
    """The list of v1: the ids stand in its address, or in the body of `version=v2`."""
    by_entity = [{f"{kind}_id": "{" + kind + "}"} for kind in ("user", "agent", "app", "run")]
    queries = [
        *by_entity[1:],
        *({**each, **moment} for each in by_entity for moment in _MOMENTS),
        {"user_id": "*", "filters": "{'memory_ids': ['{memory}']}"},
        {"filters": '{"OR": [{"user_id": "{user}"}, {"run_id": "{run}"}]}', "page": "1", "page_size": "9"},
    ]
    filters: list[dict[str, Any]] = [*by_entity, {"user_id": "*", "memory_ids": ["{memory}"]}]
    in_body = [Call(path, query={"version": "v2"}, body={"filters": each}) for each in filters]
    return Case(Call(path, query=by_entity[0]), (*(Call(path, query=each) for each in queries), *in_body))


def _add(path: str) -> Case:
    usual = Call(path, body={"messages": "I live in Rome", "user_id": "{user}", "infer": False})
    by_entity = [{f"{kind}_id": "{" + kind + "}"} for kind in ("agent", "app", "run")]
    return Case(
        usual,
        (
            *(Call(path, body={"messages": "I live in Rome", "infer": False, **each}) for each in by_entity),
            Call(path, body={"messages": "I live in Rome", "user_id": "{user}", "agent_id": "{agent}"}),
            replace(usual, headers={"Idempotency-Key": "{idempotency_key}"}),
        ),
    )


def _by_name(path: str) -> Case:
    """An entity of each type by its name."""
    usual, *others = (Call(f"{path}/{kind}/{{{kind}}}/") for kind in ("user", "agent", "app", "run"))
    return Case(usual, tuple(others))


def _registration(kind: str) -> Case:
    usual = Call(f"/v1/{kind}s/", body={f"{kind}_id": f"{{{kind}}}", "name": "One", "metadata": {"a": 1}})
    return Case(usual, (replace(usual, headers={"Idempotency-Key": "{idempotency_key}"}),))


def _batch(path: str) -> Case:
    """The id stands in each form of a batch's items."""
    change = {"text": "Lives in Oslo", "metadata": {"a": 1}}
    return Case(
        Call(path, body={"memories": [{"memory_id": "{memory}", **change}]}),
        (
            Call(path, body={"memory_ids": [{"memoryId": "{memory}", "message": "Lives in Oslo"}]}),
            Call(path, body={"memories": ["{memory}"]}),
        ),
    )


def _keys_below(route: str, path: str, key: str) -> dict[str, Case]:
    """The API keys of a place: each is named where it is, and where the caller is."""
    mine = path.replace("{org}", "{my_org}").replace("{project}", "{my_project}")

    def one(rest: str = "", **body: Any) -> Case:
        return Case(Call(f"{path}{key}/{rest}", body=body or None), (Call(f"{mine}{key}/{rest}", body=body or None),))

    bindings = [{"entity": "user:{user}"}, *({f"{kind}_id": f"{{{kind}}}"} for kind in ("user", "agent", "app"))]
    bound = tuple(Call(mine, body={"name": "bot", **each}) for each in bindings)
    return {
        f"GET {route}": Case(Call(path)),
        f"POST {route}": Case(Call(path, body={"name": "bot"}), bound),
        f"GET {route}<str:key_id>/": one(),
        f"PATCH {route}<str:key_id>/": one(name="bot"),
        f"DELETE {route}<str:key_id>/": one(),
        f"POST {route}<str:key_id>/rotate/": one("rotate/", grace_hours=1),
    }


def _repeatable(call: Call) -> Case:
    """A change that may come under an `Idempotency-Key`."""
    return Case(call, (replace(call, headers={"Idempotency-Key": "{idempotency_key}"}),))


def _also(case: Case, another: Case) -> Case:
    """All the calls of both, with the usual one of the first."""
    return replace(case, others=(*case.others, *another.others))


def _of_project(rest: str = "", body: Any = None) -> Case:
    """The project is named within its organization, and within the caller's own."""
    path = f"projects/{{project}}/{rest}"
    return Case(Call(_ORGANIZATION + path, body=body), (Call(_OWN_ORGANIZATION + path, body=body),))


def _members_below(route: str, path: str) -> dict[str, Case]:
    """The members of a place, named there, and where the caller is."""

    def naming(email: str, **body: str) -> Case:
        call = Call(_ORGANIZATION + path, body={"email": email, **body})
        own = _OWN_ORGANIZATION + path.replace("{project}", "{my_project}")
        return Case(call, (Call(own, body=call.body), Call(own, query=call.body), *_repeatable(call).others))

    return {
        f"GET {route}": Case(Call(_ORGANIZATION + path)),
        f"POST {route}": _also(naming("new-{member}", role="READER"), naming("{member}", role="READER")),
        f"PUT {route}": _also(naming("{invited}", role="OWNER"), naming("{member}", role="OWNER")),
        f"DELETE {route}": _also(naming("{invited}"), naming("{member}")),
    }


def _invitation(rest: str = "") -> Case:
    """An invitation is named within its organization, and within the caller's own."""
    path = f"invitations/{{invitation}}/{rest}"
    return Case(Call(_ORGANIZATION + path), (Call(_OWN_ORGANIZATION + path),))


def _domains_below(route: str) -> dict[str, Case]:
    """The email domains of an organization: each is named there, and where the caller is."""

    def one(rest: str = "") -> Case:
        path = f"domains/{{domain}}/{rest}"
        return Case(Call(_ORGANIZATION + path), (Call(_OWN_ORGANIZATION + path),))

    return {
        f"GET {route}": Case(Call(f"{_ORGANIZATION}domains/")),
        f"POST {route}": _repeatable(Call(f"{_ORGANIZATION}domains/", body={"name": "second.example"})),
        f"DELETE {route}<str:domain_id>/": one(),
        f"POST {route}<str:domain_id>/verify/": one("verify/"),
    }


def _providers_below(route: str) -> dict[str, Case]:
    """The identity providers of an organization: each is named there, and where the caller is."""
    path, given = f"{_ORGANIZATION}identity-providers/", {"name": "Staff", "client_id": "loci", "client_secret": "s"}

    def one(body: Any = None) -> Case:
        call = Call(path + "{provider}/", body=body)
        return Case(call, (replace(call, path=call.path.replace("{org}", "{my_org}")),))

    return {
        f"GET {route}": Case(Call(path)),
        f"POST {route}": _repeatable(
            Call(path, body={**given, "kind": "oidc", "server_url": "https://login.example.com"})
        ),
        f"GET {route}<str:provider_id>/": one(),
        f"PATCH {route}<str:provider_id>/": one({"is_enabled": False}),
        f"DELETE {route}<str:provider_id>/": one(),
    }


def _webhooks() -> dict[str, Case]:
    """Webhooks: each is named by its id, and those of a project by the project's."""
    base = "/api/v1/webhooks/"
    of_project, of_one = f"{base}projects/{{project}}/", f"{base}{{webhook}}/"
    one, message = f"{base}<str:webhook_id>/", f"{base}<str:webhook_id>/deliveries/<str:message_id>/"
    given = {"name": "one", "url": "https://example.com/", "event_types": ["memory_add"]}
    of_message = f"{of_one}deliveries/{{message}}/"
    return {
        f"GET {base}projects/<str:project_id>/": Case(Call(of_project)),
        f"POST {base}projects/<str:project_id>/": _repeatable(Call(of_project, body=given)),
        f"GET {one}": Case(Call(of_one)),
        f"PUT {one}": _repeatable(Call(of_one, body={"name": "another"})),
        f"DELETE {one}": Case(Call(of_one)),
        f"GET {one}secret/": Case(Call(f"{of_one}secret/")),
        f"POST {one}secret/rotate/": _repeatable(Call(f"{of_one}secret/rotate/", body={"overlap_hours": 1})),
        f"GET {one}deliveries/": Case(
            Call(f"{of_one}deliveries/"), (Call(f"{of_one}deliveries/", query={"state": "failed"}),)
        ),
        f"GET {message}": Case(Call(of_message)),
        f"POST {message}replay/": _repeatable(Call(f"{of_message}replay/")),
        f"POST {one}replay/": _repeatable(Call(f"{of_one}replay/", body={"since": _LATELY})),
        f"POST {one}test/": _repeatable(Call(f"{of_one}test/")),
    }


_LATELY = (datetime.now(UTC) - timedelta(days=1)).isoformat()


def _export_request() -> Case:
    """Whose memories are meant stands in the filters, beside them, or as an entity."""
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    by_entity = [{f"{kind}_id": "{" + kind + "}"} for kind in ("user", "agent", "app", "run")]
    filters: list[dict[str, Any]] = [*by_entity, {"user_id": "*", "memory_ids": ["{memory}"]}]
    usual = Call("/v1/exports/", body={"schema": schema, "filters": by_entity[0]})
    return Case(
        usual,
        (
            *(Call("/v1/exports/", body={"schema": schema, "filters": each}) for each in filters),
            *(Call("/v1/exports/", body={"format": "jsonl", **each}) for each in by_entity),
            Call("/v1/exports/", body={"format": "jsonl", "entity_type": "user", "entity_id": "{user}"}),
            *_repeatable(usual).others,
        ),
    )


def _export_result() -> list[dict[str, Any]]:
    """How the export is named whose result is wanted; by its filters the newest with these is."""
    return [
        {"memory_export_id": "{export}"},
        *({f"{kind}_id": f"{{{kind}}}"} for kind in ("user", "agent", "app", "run")),
    ]


_MEMORY = "/v1/memories/{memory}/"
_DELETE_BY = [{f"{kind}_id": "{" + kind + "}"} for kind in ("user", "agent", "app", "run")]

_ORGANIZATIONS = "/api/v1/orgs/organizations/"
_ORGANIZATION = f"{_ORGANIZATIONS}{{org}}/"
_OWN_ORGANIZATION = f"{_ORGANIZATIONS}{{my_org}}/"

CASES: dict[str, Case] = {
    "PATCH /api/v1/auth/agent_mode/caller/": _repeatable(
        Call("/api/v1/auth/agent_mode/caller/", body={"agent_caller": "codex"})
    ),
    "GET /api/v1/orgs/organizations/": Case(Call(_ORGANIZATIONS)),
    "POST /api/v1/orgs/organizations/": _repeatable(Call(_ORGANIZATIONS, body={"name": "Second"})),
    "GET /api/v1/orgs/organizations/<str:org_id>/": Case(Call(_ORGANIZATION)),
    "PATCH /api/v1/orgs/organizations/<str:org_id>/": _repeatable(Call(_ORGANIZATION, body={"name": "Renamed"})),
    "DELETE /api/v1/orgs/organizations/<str:org_id>/": Case(Call(_ORGANIZATION)),
    "POST /api/v1/orgs/organizations/<str:org_id>/restore/": _repeatable(Call(f"{_ORGANIZATION}restore/")),
    "GET /api/v1/orgs/organizations/<str:org_id>/audit/": Case(
        Call(f"{_ORGANIZATION}audit/"),
        tuple(
            Call("/api/v1/orgs/organizations/{my_org}/audit/", query=query)
            for query in (
                {"actor": "{member}"},
                {"key_id": "{api_key}"},
                {"object_id": "{memory}"},
                {"object_id": "{project}"},
                {"request_id": "{request}"},
            )
        ),
    ),
    "GET /api/v1/orgs/organizations/<str:org_id>/audit/export/": Case(Call(f"{_ORGANIZATION}audit/export/")),
    **_domains_below("/api/v1/orgs/organizations/<str:org_id>/domains/"),
    **_providers_below("/api/v1/orgs/organizations/<str:org_id>/identity-providers/"),
    "GET /api/v1/orgs/organizations/<str:org_id>/projects/": Case(Call(f"{_ORGANIZATION}projects/")),
    "POST /api/v1/orgs/organizations/<str:org_id>/projects/": _repeatable(
        Call(f"{_ORGANIZATION}projects/", body={"name": "Second"})
    ),
    "GET /api/v1/orgs/organizations/<str:org_id>/projects/<str:project_id>/": _of_project(),
    "PATCH /api/v1/orgs/organizations/<str:org_id>/projects/<str:project_id>/": _of_project(body={"decay": True}),
    "DELETE /api/v1/orgs/organizations/<str:org_id>/projects/<str:project_id>/": _of_project(),
    **_members_below("/api/v1/orgs/organizations/<str:org_id>/members/", "members/"),
    **_members_below(
        "/api/v1/orgs/organizations/<str:org_id>/projects/<str:project_id>/members/", "projects/{project}/members/"
    ),
    "GET /api/v1/orgs/organizations/<str:org_id>/invitations/": Case(Call(f"{_ORGANIZATION}invitations/")),
    "DELETE /api/v1/orgs/organizations/<str:org_id>/invitations/<uuid:invitation_id>/": _invitation(),
    "POST /api/v1/orgs/organizations/<str:org_id>/invitations/<uuid:invitation_id>/resend/": _invitation("resend/"),
    "POST /api/v1/orgs/organizations/<str:org_id>/projects/<str:project_id>/restore/": _of_project("restore/"),
    "POST /api/v1/keys/report/": Case(
        Call("/api/v1/keys/report/", body={"keys": ["{api_key}", "{org}", "{memory}"]}),
        (Call("/api/v1/keys/report/", body={"key": "{organization_key}"}),),
    ),
    **_keys_below(
        "/api/v1/orgs/organizations/<str:org_id>/api-keys/",
        "/api/v1/orgs/organizations/{org}/api-keys/",
        "{organization_key}",
    ),
    **_keys_below(
        "/api/v1/orgs/organizations/<str:org_id>/projects/<str:project_id>/api-keys/",
        "/api/v1/orgs/organizations/{org}/projects/{project}/api-keys/",
        "{api_key}",
    ),
    **_webhooks(),
    "GET /v1/ping/": Case(Call("/v1/ping/")),
    "POST /v1/memories/": _add("/v1/memories/"),
    "POST /v3/memories/add/": _add("/v3/memories/add/"),
    "DELETE /v1/memories/": Case(
        Call("/v1/memories/", query=_DELETE_BY[0]),
        (
            *(Call("/v1/memories/", query=each) for each in _DELETE_BY[1:]),
            Call("/v1/memories/", query={"user_id": "*", "filters": "{'memory_ids': ['{memory}']}"}),
            Call("/v1/memories/", query={"filters": '{"OR": [{"user_id": "{user}"}, {"run_id": "{run}"}]}'}),
        ),
    ),
    "POST /v1/memories/rollback/": Case(
        Call("/v1/memories/rollback/", body={"event_id": "{event}"}),
        (
            Call("/v1/memories/rollback/", body={"event_id": "{event}", "dry_run": True}),
            Call("/v1/memories/rollback/", body={"key_id": "{api_key}"}),
            *_repeatable(Call("/v1/memories/rollback/", body={"event_id": "{event}"})).others,
        ),
    ),
    "GET /v1/memories/<str:memory_id>/": Case(Call(_MEMORY), tuple(Call(_MEMORY, query=each) for each in _MOMENTS)),
    "PUT /v1/memories/<str:memory_id>/": Case(
        Call(_MEMORY, body={"text": "Lives in Oslo"}), (Call(_MEMORY, body={"metadata": {"a": 1}}),)
    ),
    "DELETE /v1/memories/<str:memory_id>/": Case(Call(_MEMORY), (Call(_MEMORY, query={"delete_linked": "true"}),)),
    "GET /v1/memories/<memory:memory_id>/history/": Case(Call(f"{_MEMORY}history/")),
    "GET /v1/memories/events/": Case(
        Call("/v1/memories/events/"), (Call("/v1/memories/events/", query={"memory_id": "{memory}"}),)
    ),
    "GET /v1/memories/<str:entity_type>/<path:entity_name>/": _by_name("/v1/memories"),
    "PUT /v1/batch/": _batch("/v1/batch/"),
    "DELETE /v1/batch/": _batch("/v1/batch/"),
    "PUT /v1/memories/batch/": _batch("/v1/memories/batch/"),
    "DELETE /v1/memories/batch/": _batch("/v1/memories/batch/"),
    "GET /v1/memories/": _query_list("/v1/memories/"),
    "POST /v2/memories/": _filters("/v2/memories/"),
    "POST /v3/memories/": _filters("/v3/memories/"),
    "POST /v1/memories/search/": _filters("/v1/memories/search/", query="badminton racket"),
    "POST /v2/memories/search/": _filters("/v2/memories/search/", query="badminton racket", threshold=0),
    "POST /v3/memories/search/": _filters("/v3/memories/search/", query="badminton racket", threshold=0),
    "GET /v1/event/<str:event_id>/": Case(Call("/v1/event/{event}/")),
    "GET /v1/events/": Case(Call("/v1/events/"), (Call("/v1/events/", query={"user_id": "{user}"}),)),
    "GET /v1/entities/": Case(Call("/v1/entities/"), (Call("/v1/entities/", query={"user_id": "{user}"}),)),
    "GET /v1/entities/filters/": Case(Call("/v1/entities/filters/")),
    "GET /v1/entities/<str:entity_type>/<path:entity_name>/attributes/": Case(
        Call("/v1/entities/user/{user}/attributes/"),
        (Call("/v1/entities/user/{user}/attributes/", query={"keys": "{attribute}"}),),
    ),
    "GET /v1/entities/<str:entity_type>/<path:entity_name>/attributes/<str:key>/": Case(
        Call("/v1/entities/user/{user}/attributes/{attribute}/")
    ),
    "GET /v1/entities/<str:entity_type>/<path:entity_id>/": Case(
        Call("/v1/entities/user/{entity_number}/"), (Call("/v1/entities/user/{user}/"),)
    ),
    "DELETE /v1/entities/<str:entity_type>/<path:entity_id>/": Case(Call("/v1/entities/user/{entity_number}/")),
    "GET /v2/entities/<str:entity_type>/<path:entity_id>/": _by_name("/v2/entities"),
    "DELETE /v2/entities/<str:entity_type>/<path:entity_id>/": _by_name("/v2/entities"),
    "GET /v2/entities/<str:entity_type>/<path:entity_id>/profile/": Case(Call("/v2/entities/user/{user}/profile/")),
    "DELETE /v2/entities/<str:entity_type>/<path:entity_id>/profile/": Case(Call("/v2/entities/user/{user}/profile/")),
    "POST /v2/profiles/jobs/": _repeatable(
        Call("/v2/profiles/jobs/", body={"operation": "trigger", "entity_type": "user", "entity_id": "{user}"})
    ),
    "GET /v2/profiles/jobs/<str:job_id>/": Case(Call("/v2/profiles/jobs/{profile_job}/")),
    "GET /v2/profiles/settings/": Case(Call("/v2/profiles/settings/")),
    "POST /v2/profiles/settings/": _repeatable(Call("/v2/profiles/settings/", body={"enabled": True})),
    "POST /v1/summary/": _filters("/v1/summary/"),
    "POST /v1/users/": _registration("user"),
    "POST /v1/agents/": _registration("agent"),
    "POST /v1/apps/": _registration("app"),
    "POST /v1/runs/": _registration("run"),
    "GET /v1/quarantine/": Case(Call("/v1/quarantine/")),
    "DELETE /v1/quarantine/<str:quarantine_id>/": Case(Call("/v1/quarantine/{quarantined}/")),
    "POST /v1/quarantine/<str:quarantine_id>/release/": _repeatable(Call("/v1/quarantine/{quarantined}/release/")),
    "GET /v1/reviews/": Case(
        Call("/v1/reviews/"),
        tuple(Call("/v1/reviews/", query={f"{kind}_id": f"{{{kind}}}"}) for kind in ("user", "agent", "app", "run")),
    ),
    "GET /v1/reviews/<str:review_id>/": Case(Call("/v1/reviews/{review}/")),
    "POST /v1/reviews/<str:review_id>/approve/": _repeatable(Call("/v1/reviews/{review}/approve/")),
    "POST /v1/reviews/<str:review_id>/edit/": _repeatable(
        Call("/v1/reviews/{review}/edit/", body={"text": "Lives in Oslo"})
    ),
    "POST /v1/reviews/<str:review_id>/reject/": _repeatable(Call("/v1/reviews/{review}/reject/")),
    "POST /v1/reviews/<str:review_id>/undo/": _repeatable(Call("/v1/reviews/{decided}/undo/")),
    "POST /v1/consolidation/": _also(
        _repeatable(Call("/v1/consolidation/", body={"user_id": "{user}"})),
        Case(
            Call("/v1/consolidation/", body={}),
            tuple(Call("/v1/consolidation/", body={f"{kind}_id": f"{{{kind}}}"}) for kind in ("agent", "app", "run")),
        ),
    ),
    "GET /v1/feedback/stats/": Case(Call("/v1/feedback/stats/")),
    "POST /v1/feedback/": _repeatable(
        Call("/v1/feedback/", body={"memory_id": "{memory}", "feedback": "POSITIVE", "feedback_reason": "It is so."})
    ),
    "POST /v1/exports/": _export_request(),
    "GET /v1/exports/": Case(
        Call("/v1/exports/", query=_export_result()[0]),
        (
            *(Call("/v1/exports/", query=each) for each in _export_result()[1:]),
            Call("/v1/exports/", query={"filters": '{"memory_ids": ["{memory}"], "user_id": "*"}'}),
        ),
    ),
    "POST /v1/exports/get/": Case(
        Call("/v1/exports/get/", body=_export_result()[0]),
        (
            *(Call("/v1/exports/get/", body=each) for each in _export_result()[1:]),
            *(Call("/v1/exports/get/", body={"filters": each}) for each in _export_result()[1:]),
            Call("/v1/exports/get/", body={"filters": {"user_id": "*", "memory_ids": ["{memory}"]}}),
        ),
    ),
    "GET /v1/exports/<str:export_id>/": Case(Call("/v1/exports/{export}/")),
    "DELETE /v1/exports/<str:export_id>/": Case(Call("/v1/exports/{export}/")),
    "GET /v1/exports/<str:export_id>/download/": Case(Call("/v1/exports/{export}/download/")),
    "GET /v1/stats/": Case(Call("/v1/stats/")),
}

PUBLIC = frozenset(
    {
        "/",
        "/healthz/",
        "/readyz/",
        "/metrics/",
        "/openapi.json",
        "/docs/",
        "/api/v1/auth/agent_mode/",
        "/api/v1/auth/email_code/",
        "/api/v1/auth/email_code/verify/",
    }
)
"""Routes that read no tenant's table, or make a new tenant: they take no id, so none can mean anything there."""

PAGES = "/account/"
"""Below it are people's own pages: HTML about whoever is logged in. Only a signed link names anything there."""


def endpoints() -> Iterator[str]:
    """Yields "<method> <route>" for everything that the URL configuration answers, outside of `PUBLIC`."""
    for route, view in _routes(get_resolver().url_patterns, "/"):
        allowed = getattr(view, "cls", None)
        for method in METHODS if allowed else ["ANY"]:
            if (
                route not in PUBLIC
                and not route.startswith(PAGES)
                and (allowed is None or hasattr(allowed, method.lower()))
            ):
                yield f"{method} {route}"


def _routes(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route, pattern.callback
