"""Admin classes whose rows have a page of their own instead of Django's form."""

from typing import Any
from uuid import UUID

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from rupai.core import ids
from rupai.pages.bases import ReadOnlyAdmin


class DetailAdmin(ReadOnlyAdmin):
    """Rows to look at; what may be done to them are pages that ``detail`` links to."""

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        return self.detail(request, self.row(request, object_id))

    def detail(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Answer the page of one row."""
        raise NotImplementedError

    def row(self, request: HttpRequest, object_id: str) -> Any:
        """One row that the person may see, by its key or public id.

        :raises Http404: when there is none; another merchant's looks the same.
        """
        found = self.get_object(request, str(self._key(unquote(object_id))))
        if found is None:
            raise Http404(f"No {self.opts.verbose_name}")
        return found

    def _key(self, text: str) -> UUID | str:
        try:
            return ids.parse(getattr(self.model, "prefix", "?"), text)
        except ids.InvalidId:
            return text
