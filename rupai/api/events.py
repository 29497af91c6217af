"""The REST of the event log."""

from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from rupai.api.filters import CreatedFilter
from rupai.api.views import Door
from rupai.core.models import Event


class EventFilter(CreatedFilter):
    type = django_filters.CharFilter(max_length=64)
    subject_id = django_filters.CharFilter(max_length=64)

    class Meta:
        model = Event
        fields: ClassVar[list[str]] = []


class EventView(serializers.Serializer[Event]):
    id = serializers.CharField()
    type = serializers.CharField()
    created_at = serializers.DateTimeField()
    sequence = serializers.IntegerField(allow_null=True, help_text="Gap-free per merchant and mode; null for a moment")
    subject_id = serializers.CharField()
    actor = serializers.CharField()
    livemode = serializers.BooleanField()
    data = serializers.DictField()  # type: ignore[assignment]
    changes = serializers.DictField()
    correlation_id = serializers.CharField(allow_blank=True)

    def to_representation(self, instance: Event) -> dict[str, Any]:
        return {
            "id": instance.public_id,
            "type": instance.type,
            "created_at": instance.created_at.isoformat(),
            "sequence": instance.seq,
            "subject_id": instance.subject_id,
            "actor": instance.actor,
            "livemode": instance.livemode,
            "data": instance.data,
            "changes": instance.changes,
            "correlation_id": instance.correlation_id,
        }


class Events(Door):
    scopes: ClassVar = {"GET": "events:read"}
    lists = True
    queryset = Event.objects.none()
    filterset_class = EventFilter
    serializer_class = EventView

    @extend_schema(operation_id="list_events", responses=EventView(many=True))
    def get(self, request: Request) -> Response:
        """List events, newest first."""
        return self.page(Event.objects.visible_to(self.actor), EventView)


class EventById(Door):
    scopes: ClassVar = {"GET": "events:read"}
    serializer_class = EventView

    @extend_schema(operation_id="get_event", responses=EventView)
    def get(self, request: Request, event_id: str) -> Response:
        """Read an event."""
        return Response(EventView(Event.objects.visible_to(self.actor).named(event_id)).data)
