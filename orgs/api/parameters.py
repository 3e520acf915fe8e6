"""The ids in the addresses of the control plane, for their description."""

from drf_spectacular.utils import OpenApiParameter

ORG_ID = OpenApiParameter("org_id", str, OpenApiParameter.PATH, description="The organization's id: `org_…`.")
PROJECT_ID = OpenApiParameter("project_id", str, OpenApiParameter.PATH, description="The project's id: `proj_…`.")
