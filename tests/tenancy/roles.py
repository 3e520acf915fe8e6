"""Who may call what: the scope that each endpoint needs, and the people and keys that have it or not.

This table is written by hand, so that a view that asks for less than it should is found out. A new endpoint needs a
row in `NEEDS`: `test_roles.py` fails without it.
"""

from dataclasses import dataclass

READ = frozenset({"memories:read", "events:read", "project:read"})
PROJECT = READ | {
    "memories:write",
    "memories:delete",
    "entities:delete",
    "exports:write",
    "webhooks:manage",
    "project:admin",
}
ORGANIZATION = frozenset({"org:read", "org:admin", "billing:read"})
ALL = PROJECT | ORGANIZATION
BOUND = frozenset({"memories:read", "memories:write", "memories:delete", "events:read"})

ANYBODY = ""
"""Instead of a scope: whoever may see the organization or project."""

EVERYBODY = "*"
"""Instead of a scope: whoever it is, and nobody is asked."""


def _keys_below(route: str, scope: str) -> dict[str, str]:
    one = f"{route}<str:key_id>/"
    endpoints = (f"GET {route}", f"POST {route}", f"GET {one}", f"PATCH {one}", f"DELETE {one}", f"POST {one}rotate/")
    return dict.fromkeys(endpoints, scope)


_ORGANIZATION_KEYS = "/api/v1/orgs/organizations/<str:org_id>/api-keys/"
_PROJECT_KEYS = "/api/v1/orgs/organizations/<str:org_id>/projects/<str:project_id>/api-keys/"

_DOMAINS = "/api/v1/orgs/organizations/<str:org_id>/domains/"
_PROVIDERS = "/api/v1/orgs/organizations/<str:org_id>/identity-providers/"

OF_THE_KEY = "PATCH /api/v1/auth/agent_mode/caller/"
"""It is about the key that calls: no session has one."""
OF_NO_PLACE = frozenset({OF_THE_KEY, "GET /api/v1/orgs/organizations/", "POST /api/v1/orgs/organizations/"})
"""What these are about is there for everybody."""
_ATTRIBUTES = "GET /v1/entities/<str:entity_type>/<path:entity_name>/attributes/"
_PROFILE = "GET /v2/entities/<str:entity_type>/<path:entity_id>/profile/"
ABOUT_A_USER = frozenset({_ATTRIBUTES, f"{_ATTRIBUTES}<str:key>/", _PROFILE})
"""The usual calls of these name a user in the address, whom a key of somebody else does not see."""
_ORGANIZATION = "/api/v1/orgs/organizations/<str:org_id>/"
_PROJECT = f"{_ORGANIZATION}projects/<str:project_id>/"

_OF_PROJECT, _WEBHOOK = "/api/v1/webhooks/projects/<str:project_id>/", "/api/v1/webhooks/<str:webhook_id>/"
_WEBHOOKS = (
    f"GET {_OF_PROJECT}",
    f"POST {_OF_PROJECT}",
    f"GET {_WEBHOOK}",
    f"PUT {_WEBHOOK}",
    f"DELETE {_WEBHOOK}",
    f"GET {_WEBHOOK}secret/",
    f"POST {_WEBHOOK}secret/rotate/",
    f"GET {_WEBHOOK}deliveries/",
    f"GET {_WEBHOOK}deliveries/<str:message_id>/",
    f"POST {_WEBHOOK}deliveries/<str:message_id>/replay/",
    f"POST {_WEBHOOK}replay/",
    f"POST {_WEBHOOK}test/",
)

NEEDS: dict[str, str] = {
    OF_THE_KEY: "project:admin",
    "GET /api/v1/orgs/organizations/": EVERYBODY,
    "POST /api/v1/orgs/organizations/": ANYBODY,
    f"GET {_ORGANIZATION}": ANYBODY,
    f"PATCH {_ORGANIZATION}": "org:admin",
    f"DELETE {_ORGANIZATION}": "org:admin",
    f"POST {_ORGANIZATION}restore/": "org:admin",
    f"GET {_ORGANIZATION}projects/": ANYBODY,
    f"POST {_ORGANIZATION}projects/": "org:admin",
    f"GET {_PROJECT}": "project:read",
    f"PATCH {_PROJECT}": "project:admin",
    f"DELETE {_PROJECT}": "project:admin",
    f"POST {_PROJECT}restore/": "project:admin",
    "POST /api/v1/keys/report/": EVERYBODY,
    **_keys_below(_ORGANIZATION_KEYS, "org:admin"),
    **_keys_below(_PROJECT_KEYS, "project:admin"),
    "GET /api/v1/orgs/organizations/<str:org_id>/audit/": "org:admin",
    "GET /api/v1/orgs/organizations/<str:org_id>/audit/export/": "org:admin",
    f"GET {_DOMAINS}": "org:read",
    f"POST {_DOMAINS}": "org:admin",
    f"DELETE {_DOMAINS}<str:domain_id>/": "org:admin",
    f"POST {_DOMAINS}<str:domain_id>/verify/": "org:admin",
    f"GET {_PROVIDERS}": "org:read",
    f"POST {_PROVIDERS}": "org:admin",
    f"GET {_PROVIDERS}<str:provider_id>/": "org:read",
    f"PATCH {_PROVIDERS}<str:provider_id>/": "org:admin",
    f"DELETE {_PROVIDERS}<str:provider_id>/": "org:admin",
    "GET /api/v1/orgs/organizations/<str:org_id>/members/": "org:read",
    "POST /api/v1/orgs/organizations/<str:org_id>/members/": "org:admin",
    "PUT /api/v1/orgs/organizations/<str:org_id>/members/": "org:admin",
    "DELETE /api/v1/orgs/organizations/<str:org_id>/members/": "org:admin",
    "GET /api/v1/orgs/organizations/<str:org_id>/projects/<str:project_id>/members/": "project:read",
    "POST /api/v1/orgs/organizations/<str:org_id>/projects/<str:project_id>/members/": "project:admin",
    "PUT /api/v1/orgs/organizations/<str:org_id>/projects/<str:project_id>/members/": "project:admin",
    "DELETE /api/v1/orgs/organizations/<str:org_id>/projects/<str:project_id>/members/": "project:admin",
    "GET /api/v1/orgs/organizations/<str:org_id>/invitations/": "org:admin",
    "DELETE /api/v1/orgs/organizations/<str:org_id>/invitations/<uuid:invitation_id>/": "org:admin",
    "POST /api/v1/orgs/organizations/<str:org_id>/invitations/<uuid:invitation_id>/resend/": "org:admin",
    **dict.fromkeys(_WEBHOOKS, "webhooks:manage"),
    "GET /v1/ping/": ANYBODY,
    "POST /v1/memories/": "memories:write",
    "POST /v3/memories/add/": "memories:write",
    "DELETE /v1/memories/": "memories:delete",
    "GET /v1/memories/<str:memory_id>/": "memories:read",
    "PUT /v1/memories/<str:memory_id>/": "memories:write",
    "DELETE /v1/memories/<str:memory_id>/": "memories:delete",
    "POST /v1/memories/rollback/": "memories:delete",
    "GET /v1/memories/<memory:memory_id>/history/": "memories:read",
    "GET /v1/memories/events/": "memories:read",
    "GET /v1/memories/<str:entity_type>/<path:entity_name>/": "memories:read",
    "PUT /v1/batch/": "memories:write",
    "DELETE /v1/batch/": "memories:delete",
    "PUT /v1/memories/batch/": "memories:write",
    "DELETE /v1/memories/batch/": "memories:delete",
    "GET /v1/memories/": "memories:read",
    "POST /v2/memories/": "memories:read",
    "POST /v3/memories/": "memories:read",
    "POST /v1/memories/search/": "memories:read",
    "POST /v2/memories/search/": "memories:read",
    "POST /v3/memories/search/": "memories:read",
    "POST /v1/exports/": "exports:write",
    "GET /v1/exports/": "exports:write",
    "POST /v1/exports/get/": "exports:write",
    "GET /v1/exports/<str:export_id>/": "exports:write",
    "DELETE /v1/exports/<str:export_id>/": "exports:write",
    "GET /v1/exports/<str:export_id>/download/": "exports:write",
    "GET /v1/event/<str:event_id>/": "events:read",
    "GET /v1/events/": "events:read",
    "GET /v1/entities/": "memories:read",
    "GET /v1/entities/filters/": "memories:read",
    "GET /v1/entities/<str:entity_type>/<path:entity_name>/attributes/": "memories:read",
    "GET /v1/entities/<str:entity_type>/<path:entity_name>/attributes/<str:key>/": "memories:read",
    "GET /v1/entities/<str:entity_type>/<path:entity_id>/": "memories:read",
    "DELETE /v1/entities/<str:entity_type>/<path:entity_id>/": "entities:delete",
    "GET /v2/entities/<str:entity_type>/<path:entity_id>/": "memories:read",
    "DELETE /v2/entities/<str:entity_type>/<path:entity_id>/": "entities:delete",
    "GET /v2/entities/<str:entity_type>/<path:entity_id>/profile/": "memories:read",
    "DELETE /v2/entities/<str:entity_type>/<path:entity_id>/profile/": "entities:delete",
    "POST /v2/profiles/jobs/": "memories:write",
    "GET /v2/profiles/jobs/<str:job_id>/": "memories:read",
    "GET /v2/profiles/settings/": "project:read",
    "POST /v2/profiles/settings/": "project:admin",
    "POST /v1/summary/": "memories:read",
    "POST /v1/users/": "memories:write",
    "POST /v1/agents/": "memories:write",
    "POST /v1/apps/": "memories:write",
    "POST /v1/runs/": "memories:write",
    "GET /v1/quarantine/": "memories:read",
    "DELETE /v1/quarantine/<str:quarantine_id>/": "memories:delete",
    "POST /v1/quarantine/<str:quarantine_id>/release/": "memories:write",
    "GET /v1/reviews/": "memories:read",
    "GET /v1/reviews/<str:review_id>/": "memories:read",
    "POST /v1/reviews/<str:review_id>/approve/": "memories:write",
    "POST /v1/reviews/<str:review_id>/edit/": "memories:write",
    "POST /v1/reviews/<str:review_id>/reject/": "memories:write",
    "POST /v1/reviews/<str:review_id>/undo/": "memories:write",
    "POST /v1/consolidation/": "memories:write",
    "GET /v1/feedback/stats/": "memories:read",
    "POST /v1/feedback/": "memories:write",
    "GET /v1/stats/": "memories:read",
}

FOR_BOUND_KEYS = frozenset(
    {
        "GET /v1/ping/",
        "POST /v1/memories/",
        "POST /v3/memories/add/",
        "GET /v1/memories/<str:memory_id>/",
        "PUT /v1/memories/<str:memory_id>/",
        "DELETE /v1/memories/<str:memory_id>/",
        "GET /v1/memories/<memory:memory_id>/history/",
        "GET /v1/memories/events/",
        "PUT /v1/batch/",
        "DELETE /v1/batch/",
        "PUT /v1/memories/batch/",
        "DELETE /v1/memories/batch/",
        "GET /v1/memories/",
        "POST /v2/memories/",
        "POST /v3/memories/",
        "POST /v1/memories/search/",
        "POST /v2/memories/search/",
        "POST /v3/memories/search/",
        "GET /v1/event/<str:event_id>/",
        "GET /v1/events/",
        "GET /v1/entities/<str:entity_type>/<path:entity_name>/attributes/",
        "GET /v1/entities/<str:entity_type>/<path:entity_name>/attributes/<str:key>/",
        "GET /v2/entities/<str:entity_type>/<path:entity_id>/profile/",
        "POST /v1/summary/",
        "GET /v1/quarantine/",
        "GET /v1/reviews/",
        "GET /v1/reviews/<str:review_id>/",
        "POST /v1/feedback/",
        "POST /api/v1/keys/report/",
    }
)
"""All that a key may do that is bound to one user, agent or app."""


_UNRESTRICTED = frozenset(
    {
        "owner",
        "reader",
        "owner of the project only",
        "reader of the project only",
        "owner narrowed to reader of the project",
        "reader widened to owner of the project",
        "owner of another project only",
        "reader of another project only",
        "outsider",
        "key of the owner",
        "key of the reader",
        "organization key of the owner",
    }
)
_OWNERS = frozenset({"owner", "key of the owner", "organization key of the owner"})
_GIVE_IN_ORGANIZATION = _OWNERS | {"owner narrowed to reader of the project"}
_GIVE_IN_PROJECT = _OWNERS | {"owner of the project only", "reader widened to owner of the project"}
ONLY: dict[str, frozenset[str]] = {
    "POST /api/v1/orgs/organizations/": _UNRESTRICTED,
    OF_THE_KEY: frozenset({"key of the owner"}),
    f"POST {_ORGANIZATION_KEYS}": _GIVE_IN_ORGANIZATION,
    f"PATCH {_ORGANIZATION_KEYS}<str:key_id>/": _GIVE_IN_ORGANIZATION,
    f"POST {_ORGANIZATION_KEYS}<str:key_id>/rotate/": _OWNERS,
    f"POST {_PROJECT_KEYS}": _GIVE_IN_PROJECT,
    f"PATCH {_PROJECT_KEYS}<str:key_id>/": _GIVE_IN_PROJECT,
    f"POST {_PROJECT_KEYS}<str:key_id>/rotate/": _OWNERS,
    f"POST {_ORGANIZATION}members/": _GIVE_IN_ORGANIZATION,
    f"PUT {_ORGANIZATION}members/": _GIVE_IN_ORGANIZATION,
    f"POST {_PROJECT}members/": _GIVE_IN_PROJECT,
    f"PUT {_PROJECT}members/": _GIVE_IN_PROJECT,
    f"POST {_ORGANIZATION}invitations/<uuid:invitation_id>/resend/": _GIVE_IN_ORGANIZATION,
    f"POST {_PROVIDERS}": _GIVE_IN_ORGANIZATION,
    f"PATCH {_PROVIDERS}<str:provider_id>/": _GIVE_IN_ORGANIZATION,
}
"""By name, who may do what takes more than a scope: a restricted key gives no keys, roles and providers, and only its
maker rotates a key."""


@dataclass(frozen=True)
class Actor:
    """A person or key in Alice's organization. `scopes` is what it may do there.

    `bound_to` is the type of entity that a key is bound to. `sees_project` is False for who is in another project only.
    """

    name: str
    scopes: frozenset[str]
    bound_to: str = ""
    is_member: bool = True
    sees_project: bool = True
    names_project: bool = False
    """Whether its requests name the project: it is of none, or of more."""

    def may(self, endpoint: str) -> bool:
        """Tells whether the endpoint is open to the actor."""
        if endpoint in ONLY:
            return self.sees(endpoint) and self.name in ONLY[endpoint]
        if self.bound_to and endpoint not in FOR_BOUND_KEYS:
            return False
        if NEEDS[endpoint] == EVERYBODY:
            return True
        return self.sees(endpoint) and (NEEDS[endpoint] == ANYBODY or NEEDS[endpoint] in self.scopes)

    def sees(self, endpoint: str) -> bool:
        """Tells whether what the endpoint is about is there at all, for this actor."""
        if endpoint in ABOUT_A_USER and self.bound_to not in {"", "user"}:
            return False
        if endpoint in OF_NO_PLACE:
            return True
        return self.is_member and (self.sees_project or not is_about_project(endpoint))


def is_about_project(endpoint: str) -> bool:
    """Tells whether the endpoint's usual call means Alice's project."""
    route = endpoint.partition(" ")[2]
    return "<str:project_id>" in route or route.startswith(_WEBHOOK) or not route.startswith("/api/")


def _in_another_project(role: str) -> Actor:
    return Actor(f"{role} of another project only", frozenset(), sees_project=False, names_project=True)


PEOPLE = (
    Actor("owner", ALL, names_project=True),
    Actor("reader", READ | {"org:read"}, names_project=True),
    Actor("owner of the project only", PROJECT, names_project=True),
    Actor("reader of the project only", READ, names_project=True),
    _in_another_project("owner"),
    _in_another_project("reader"),
    Actor("owner narrowed to reader of the project", READ | ORGANIZATION, names_project=True),
    Actor("reader widened to owner of the project", PROJECT | {"org:read"}, names_project=True),
    Actor("outsider", frozenset(), is_member=False, names_project=True),
)
KEYS = (
    Actor("key of the owner", ALL),
    Actor("key of the reader", READ | {"org:read"}),
    *(Actor(f"key for {scope}", frozenset({scope})) for scope in sorted(ALL)),
    *(Actor(f"key bound to a {kind}", BOUND, bound_to=kind) for kind in ("user", "agent", "app")),
)
ORGANIZATION_KEYS = (
    Actor("organization key of the owner", ALL, names_project=True),
    Actor("organization key for memories:read", frozenset({"memories:read"}), names_project=True),
    Actor("organization key for org:read", frozenset({"org:read"}), names_project=True),
)
ACTORS = (*PEOPLE, *KEYS, *ORGANIZATION_KEYS)
