"""The addresses of the control plane."""

from loci.http.routes import route
from orgs.api.api_keys import (
    OrganizationKeyRotationView,
    OrganizationKeysView,
    OrganizationKeyView,
    ProjectKeyRotationView,
    ProjectKeysView,
    ProjectKeyView,
)
from orgs.api.audit import AuditExportView, AuditView
from orgs.api.domains import DomainProofView, DomainsView, DomainView
from orgs.api.identity_providers import IdentityProvidersView, IdentityProviderView
from orgs.api.invitations import InvitationResendView, InvitationsView, InvitationView
from orgs.api.leaks import LeakReportView
from orgs.api.members import OrganizationMembersView, ProjectMembersView
from orgs.api.organizations import NamedOrganizationView, OrganizationsView
from orgs.api.projects import NamedProjectView, ProjectsView
from orgs.api.restoring import RestoreOrganizationView, RestoreProjectView
from orgs.api.sign_up import AgentCallerView, AgentModeView, EmailCodeView, VerifyCodeView
from orgs.api.views import PingView

ORGANIZATIONS = "api/v1/orgs/organizations/"
ORGANIZATION = f"{ORGANIZATIONS}<str:org_id>/"
PROJECTS = f"{ORGANIZATION}projects/"
PROJECT = f"{PROJECTS}<str:project_id>/"

urlpatterns = [
    route("api/v1/auth/agent_mode/", AgentModeView.as_view(), name="agent-mode"),
    route("api/v1/auth/agent_mode/caller/", AgentCallerView.as_view(), name="agent-caller"),
    route("api/v1/auth/email_code/", EmailCodeView.as_view(), name="email-code"),
    route("api/v1/auth/email_code/verify/", VerifyCodeView.as_view(), name="email-code-verify"),
    route("api/v1/keys/report/", LeakReportView.as_view(), name="leak-report"),
    route(ORGANIZATIONS, OrganizationsView.as_view(), name="organizations"),
    route(ORGANIZATION, NamedOrganizationView.as_view(), name="organization"),
    route(f"{ORGANIZATION}api-keys/", OrganizationKeysView.as_view(), name="organization-keys"),
    route(f"{ORGANIZATION}api-keys/<str:key_id>/", OrganizationKeyView.as_view(), name="organization-key"),
    route(
        f"{ORGANIZATION}api-keys/<str:key_id>/rotate/",
        OrganizationKeyRotationView.as_view(),
        name="organization-key-rotation",
    ),
    route(f"{ORGANIZATION}audit/", AuditView.as_view(), name="audit"),
    route(f"{ORGANIZATION}audit/export/", AuditExportView.as_view(), name="audit-export"),
    route(f"{ORGANIZATION}domains/", DomainsView.as_view(), name="domains"),
    route(f"{ORGANIZATION}domains/<str:domain_id>/", DomainView.as_view(), name="domain"),
    route(f"{ORGANIZATION}domains/<str:domain_id>/verify/", DomainProofView.as_view(), name="domain-proof"),
    route(f"{ORGANIZATION}identity-providers/", IdentityProvidersView.as_view(), name="identity-providers"),
    route(
        f"{ORGANIZATION}identity-providers/<str:provider_id>/",
        IdentityProviderView.as_view(),
        name="identity-provider",
    ),
    route(f"{ORGANIZATION}invitations/", InvitationsView.as_view(), name="invitations"),
    route(f"{ORGANIZATION}invitations/<uuid:invitation_id>/", InvitationView.as_view(), name="invitation"),
    route(
        f"{ORGANIZATION}invitations/<uuid:invitation_id>/resend/",
        InvitationResendView.as_view(),
        name="invitation-resend",
    ),
    route(f"{ORGANIZATION}members/", OrganizationMembersView.as_view(), name="organization-members"),
    route(PROJECTS, ProjectsView.as_view(), name="projects"),
    route(PROJECT, NamedProjectView.as_view(), name="project"),
    route(f"{PROJECT}members/", ProjectMembersView.as_view(), name="project-members"),
    route(f"{PROJECT}restore/", RestoreProjectView.as_view(), name="restore-project"),
    route(f"{ORGANIZATION}restore/", RestoreOrganizationView.as_view(), name="restore-organization"),
    route(f"{PROJECT}api-keys/", ProjectKeysView.as_view(), name="project-keys"),
    route(f"{PROJECT}api-keys/<str:key_id>/", ProjectKeyView.as_view(), name="project-key"),
    route(f"{PROJECT}api-keys/<str:key_id>/rotate/", ProjectKeyRotationView.as_view(), name="project-key-rotation"),
    route("v1/ping/", PingView.as_view(), name="ping"),
]
