"""Form fields of the stock pages: one input per moment, lists of boxes, and no script of Django's own."""

from typing import Any, ClassVar, NoReturn

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models
from django.http import Http404


class MomentInput(forms.DateTimeInput):
    """A moment to the second in one field; the stock pair of date and time has only one label for two."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs={"step": "1", **(attrs or {})}, format="%Y-%m-%dT%H:%M:%S")


class DayInput(forms.DateInput):
    """A day as the browser's own calendar picks it."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    """A time of day to the second."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs={"step": "1", **(attrs or {})}, format="%H:%M:%S")


class CheckList(forms.CheckboxSelectMultiple):
    """Boxes in a list that can be narrowed by typing; without JavaScript the whole list stands there."""

    template_name = "pages/_check_list.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["legend"] = name.replace("_", " ").capitalize()
        return context


class OwnWidgets(admin.ModelAdmin[Any]):
    """Base or mixed-in class of every admin class of the console, those of other packages too."""

    formfield_overrides: ClassVar[Any] = {
        models.DateTimeField: {"form_class": forms.DateTimeField, "widget": MomentInput},
        models.DateField: {"widget": DayInput},
        models.TimeField: {"widget": TimeInput},
    }

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Take off the buttons that open a second window: they need scripts which the console does not load."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("widget", CheckList())
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def _get_obj_does_not_exist_redirect(self, request: Any, opts: Any, object_id: str) -> NoReturn:
        """Answer 404 for a row that is missing or another merchant's; Django would lead to the first page.

        :raises Http404: always.
        """
        raise Http404(f"No {opts.verbose_name} with the key {unquote(object_id)}")
