"""The addresses of webhooks (contract.md §11)."""

from loci.http.routes import route
from webhooks.api.deliveries import DeliveriesView, DeliveryReplayView, DeliveryView, ReplayView, TestView
from webhooks.api.endpoints import WebhooksView, WebhookView
from webhooks.api.secrets import RotationView, SecretView

WEBHOOKS = "api/v1/webhooks/"
WEBHOOK = f"{WEBHOOKS}<str:webhook_id>/"

urlpatterns = [
    route(f"{WEBHOOKS}projects/<str:project_id>/", WebhooksView.as_view(), name="webhooks"),
    route(WEBHOOK, WebhookView.as_view(), name="webhook"),
    route(f"{WEBHOOK}secret/", SecretView.as_view(), name="webhook-secret"),
    route(f"{WEBHOOK}secret/rotate/", RotationView.as_view(), name="webhook-rotation"),
    route(f"{WEBHOOK}deliveries/", DeliveriesView.as_view(), name="deliveries"),
    route(f"{WEBHOOK}deliveries/<str:message_id>/", DeliveryView.as_view(), name="delivery"),
    route(f"{WEBHOOK}deliveries/<str:message_id>/replay/", DeliveryReplayView.as_view(), name="delivery-replay"),
    route(f"{WEBHOOK}replay/", ReplayView.as_view(), name="webhook-replay"),
    route(f"{WEBHOOK}test/", TestView.as_view(), name="webhook-test"),
]
