"""Staff look at signs of life and at verdicts, and change neither."""

import pytest
from django.test import Client
from django.urls import reverse

from monitoring.models import Heartbeat, InvariantResult
from monitoring.services import heartbeats
from rupai.accounts.models import User
from rupai.core import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    user = User.objects.create_superuser("staff@example.com", "correct horse battery")
    client.force_login(user, backend="rupai.accounts.backends.EmailBackend")
    return client


def test_rows_are_shown_and_cannot_be_changed(staff: Client) -> None:
    heartbeats.beat(queue="payments", worker="payments@here")
    InvariantResult.objects.create(
        name="I1", title="Debits equal credits", state="holds", count=0, milliseconds=3, checked_at=clock.now()
    )
    for model, key, shown in (
        (Heartbeat, "payments", "payments@here"),
        (InvariantResult, "I1", "Debits equal credits"),
    ):
        name = f"admin:monitoring_{model._meta.model_name}"
        assert shown in staff.get(reverse(f"{name}_changelist")).content.decode()
        page = reverse(f"{name}_change", args=[key])
        assert shown in staff.get(page).content.decode()
        assert staff.post(page, {}).status_code == 403
        assert staff.post(reverse(f"{name}_delete", args=[key]), {"post": "yes"}).status_code == 403
        assert staff.get(reverse(f"{name}_add")).status_code == 403
    assert (Heartbeat.objects.count(), InvariantResult.objects.count()) == (1, 1)
