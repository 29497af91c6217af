"""The OpenAPI description and the page to browse it, both without anything from elsewhere."""

import json
from functools import cache
from typing import Any, ClassVar

from csp.constants import SELF
from csp.decorators import csp_update
from django.http import HttpResponse
from django.templatetags.static import static
from django.utils.decorators import method_decorator
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


@cache
def _description() -> bytes:
    # Made once: it takes a second, which nobody should be able to ask for again and again.
    return json.dumps(SchemaGenerator().get_schema(public=True), default=str).encode()  # type: ignore[no-untyped-call]


class Description(APIView):
    """What the REST door takes and gives."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    http_method_names: ClassVar = ["get", "head"]  # type: ignore[misc]
    schema = None

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(_description(), content_type="application/json")


# The browser's own drawings come inside its style sheet.
@method_decorator(csp_update({"img-src": [SELF, "data:"]}), name="dispatch")
class Docs(SpectacularSwaggerSplitView):
    """The description to browse; scripts and styles are files of ours, since the page's policy allows no other."""

    http_method_names: ClassVar = ["get", "head"]  # type: ignore[misc]
    template_name = "api/docs.html"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response.data["page_css"] = static("api/docs.css")
        return response
