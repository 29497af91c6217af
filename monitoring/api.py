"""Doors for machines that watch: ``/health``, ``/ready`` and ``/metrics``."""

import hmac

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from monitoring.metrics import exposition
from monitoring.probes import ready as readiness
from rupai.api import problems


@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """The process lives; nothing else is asked, so that an outage elsewhere does not restart it."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """The platform can do its work: 200, or 503 with the check that fails."""
    report = readiness.report()
    checks = {
        name: {"state": verdict.state, "ms": verdict.milliseconds}
        | ({"reason": verdict.reason} if verdict.reason else {})
        for name, verdict in report.checks.items()
    }
    body = {"status": "ready" if report.ready else "unavailable", "checks": checks}
    return JsonResponse(body, status=200 if report.ready else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus, for whoever holds ``METRICS_TOKEN``; without such a setting the page does not exist."""
    if not settings.METRICS_TOKEN:
        raise Http404
    wanted = f"Bearer {settings.METRICS_TOKEN}".encode()
    if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), wanted):
        problem = problems.document(status=401, code="authentication_failed", detail="This needs the metrics token.")
        refusal = JsonResponse(problem, status=401, content_type=problems.MEDIA_TYPE)
        refusal.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return refusal
    return HttpResponse(exposition.text(), content_type=exposition.CONTENT_TYPE)
