"""All addresses of the house."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from rupai.api.docs import Description, Docs

handler400 = "rupai.api.problems.malformed"
handler403 = "rupai.api.problems.forbidden"
handler404 = "rupai.api.problems.not_found"
handler500 = "rupai.api.problems.failed"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index", http_method_names=["get", "head"])),
    path("", include("monitoring.urls")),
    path("", include("rupai.pages.installing")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("rupai.api.urls")),
    path("api/v1/", include("rupai.approvals.urls")),
    path("api/v1/", include("rupai.notifications.urls")),
    path("api/v1/", include("wallets.urls")),
    path("api/v1/", include("payments.urls")),
    path("api/v1/", include("analytics.urls")),
    path("", include("mcp_bridge.urls")),
    path("api/schema/", Description.as_view(), name="schema"),
    path("api/docs/", Docs.as_view(url_name="schema"), name="docs"),
]
