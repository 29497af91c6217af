"""Forms of webhook endpoints."""

from typing import Any

from django import forms

from rupai.core.event_types import EVENT_TYPES
from rupai.notifications.services.endpoints import DEFAULT_OVERLAP, LONGEST_OVERLAP

_HOUR = 3600


def patterns(more: list[str]) -> list[tuple[str, str]]:
    """What may be ticked: everything, all of one noun, single events; and patterns that an endpoint has besides."""
    found = [("*", "* (everything, also what is added later)")]
    for noun, verbs in EVENT_TYPES.items():
        found.append((f"{noun}.*", f"{noun}.* (all of {noun.replace('_', ' ')})"))
        found += [(f"{noun}.{verb}", f"{noun}.{verb}") for verb in verbs]
    known = {name for name, _ in found}
    return found + [(name, name) for name in more if name not in known]


class EndpointForm(forms.Form):
    """Where to send, and what."""

    url = forms.CharField(
        label="Address",
        max_length=2048,
        widget=forms.URLInput(attrs={"placeholder": "https://shop.example/webhooks", "autocomplete": "off"}),
        help_text="An https:// address that answers 2xx within 10 seconds",
    )
    description = forms.CharField(max_length=200, required=False)
    events = forms.MultipleChoiceField(label="Events", widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, has: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["events"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = patterns(has)


class RotationForm(forms.Form):
    """How long messages carry the old secret's signature, too."""

    overlap_hours = forms.IntegerField(
        label="Hours for which the old secret signs, too",
        min_value=0,
        max_value=int(LONGEST_OVERLAP.total_seconds()) // _HOUR,
        initial=int(DEFAULT_OVERLAP.total_seconds()) // _HOUR,
    )
