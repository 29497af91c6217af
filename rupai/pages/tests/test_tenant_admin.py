"""What staff of a merchant see in the console: their own rows, as their role allows, and no secret."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from rupai.accounts.models import ApiKey, Customer, Membership, Merchant, Role, User
from rupai.accounts.services.customers import create_customer
from rupai.accounts.tests.factories import enrol, new_key, new_member, new_merchant, new_user, owner_of
from rupai.core import clock
from rupai.core.models import DeadLetter, Event, HandlerRun, IdempotencyRecord
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin
from rupai.pages.once import FIELD
from rupai.pages.once import new_key as new_form
from rupai.pages.step_up import _KEY

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
OWN_APPS = {"core", "accounts"}


class Shop:
    """A merchant with staff, a key and a customer."""

    def __init__(self, name: str, role: str = "owner") -> None:
        self.merchant = new_merchant(name)
        self.member = new_member(merchant=self.merchant, role=role, is_staff=True, email=f"{name}@example.com".lower())
        self.key = new_key(self.merchant)
        actor = owner_of(self.merchant)
        self.customer = create_customer(actor=actor, name=f"Payer of {name}", email="payer@example.com")


@pytest.fixture
def mine() -> Shop:
    return Shop("Mine")


@pytest.fixture
def theirs() -> Shop:
    return Shop("Theirs")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    session = client.session
    session[_KEY] = clock.now().timestamp()
    session.save()
    return client


def page(client: Client, name: str, *args: Any, **query: Any) -> Any:
    return client.get(reverse(f"admin:{name}", args=args), query)


def opened(client: Client, name: str, key: object) -> Any:
    """The page of a row: the admin's form leads to it where there is one of our own."""
    response = page(client, f"{name}_change", key)
    return client.get(response["Location"]) if response.status_code == 302 else response


LISTS = [
    "accounts_merchant", "accounts_user", "accounts_membership", "accounts_apikey", "accounts_customer", "core_event"
]  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_a_tenant_sees_only_its_own_rows(name: str, mine: Shop, theirs: Shop) -> None:
    client = signed_in(mine.member.user)
    response = page(client, f"{name}_changelist")
    assert response.status_code == 200
    rows = response.context["cl"].queryset
    everything = rows.model._default_manager.all()
    assert 0 < rows.count() < everything.count()
    for row in everything.exclude(pk__in=rows.values("pk")):
        for view in ("change", "history"):
            assert page(client, f"{name}_{view}", row.pk).status_code == 404, f"a foreign row must look missing: {view}"
        assert str(row.pk) not in response.content.decode()
    for row in rows:
        assert opened(client, name, row.pk).status_code == 200
    assert "Theirs" not in response.content.decode().replace("theirs@", "")


@pytest.mark.parametrize("name", LISTS)
def test_a_superuser_sees_all_rows(name: str, mine: Shop, theirs: Shop) -> None:
    client = signed_in(new_user(is_staff=True, is_superuser=True))
    rows = page(client, f"{name}_changelist").context["cl"].queryset
    assert rows.count() == rows.model._default_manager.count()


def test_every_page_of_core_and_accounts_opens_for_a_superuser(mine: Shop) -> None:
    enrol(mine.member.user)
    event = Event.objects.order_by("inserted")[0]
    HandlerRun.objects.create(event=event, handler="x", due_at=clock.now())
    DeadLetter.objects.create(task="x", queue="x", error="x", tries=5, created_at=clock.now())
    client = signed_in(new_user(is_staff=True, is_superuser=True))
    for model, model_admin in admin.site._registry.items():
        if model._meta.app_label not in OWN_APPS:
            continue
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        assert page(client, f"{name}_changelist").status_code == 200, name
        assert page(client, f"{name}_changelist", q="x").status_code == 200, name
        row = model._default_manager.first()
        if row is not None:
            assert opened(client, name, row.pk).status_code == 200, name
            assert page(client, f"{name}_history", row.pk).status_code == 200, name
        if not isinstance(model_admin, ReadOnlyAdmin):
            assert page(client, f"{name}_add").status_code == 200, name


def test_a_tenant_sees_nothing_of_the_platform(mine: Shop) -> None:
    client = signed_in(mine.member.user)
    for name in ("core_deadletter", "core_handlerrun", "core_idempotencyrecord", "accounts_signinguard"):
        assert page(client, f"{name}_changelist").status_code == 403, name
    assert "deadletter" not in client.get("/admin/").content.decode()


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("owner", set(LISTS)),
        ("viewer", {"accounts_customer", "core_event"}),
        ("developer", {"accounts_customer", "core_event", "accounts_apikey"}),
    ],
)
def test_the_role_decides_which_lists_open(role: str, allowed: set[str]) -> None:
    shop = Shop("Mine", role=role)
    client = signed_in(shop.member.user)
    assert {name for name in LISTS if page(client, f"{name}_changelist").status_code == 200} == allowed


def test_an_owner_here_who_is_viewer_there_sees_keys_only_here(mine: Shop, theirs: Shop) -> None:
    Membership.objects.create(
        user=mine.member.user, merchant=theirs.merchant, role=Role.objects.get(name="viewer"), created_at=clock.now()
    )
    client = signed_in(mine.member.user)
    assert set(page(client, "accounts_apikey_changelist").context["cl"].queryset) == {mine.key.key}
    assert set(page(client, "accounts_customer_changelist").context["cl"].queryset) == {mine.customer}
    client.post("/admin/place/", {"merchant": theirs.merchant.public_id})
    assert set(page(client, "accounts_customer_changelist").context["cl"].queryset) == {theirs.customer}
    response = client.post(
        reverse("admin:accounts_apikey_add"),
        {"merchant": str(theirs.merchant.pk), "mode": "test", "name": "Eve", "scopes": ["payments:read"]},
    )
    assert "Select a valid choice" in response.content.decode()
    assert ApiKey.objects.count() == 2


def test_choices_and_filters_offer_own_rows_only(mine: Shop, theirs: Shop) -> None:
    client = signed_in(mine.member.user)
    for name in ("accounts_membership_changelist", "accounts_membership_add", "accounts_apikey_add"):
        text = page(client, name).content.decode()
        assert "Mine" in text, name
        assert "Theirs" not in text, name
    Role.objects.create(merchant=theirs.merchant, name="their own", scopes=[])
    assert "their own" not in page(client, "accounts_membership_add").content.decode()


def test_secrets_and_sealed_bytes_are_never_shown_nor_searched(mine: Shop) -> None:
    client = signed_in(new_user(is_staff=True, is_superuser=True))
    text = page(client, "accounts_apikey_change", mine.key.key.pk).content.decode()
    assert mine.key.key.secret_digest not in text
    assert mine.key.secret not in text
    digest = mine.key.key.secret_digest
    assert page(client, "accounts_apikey_changelist", secret_digest__startswith=digest[0]).status_code == 400
    for model, model_admin in admin.site._registry.items():
        if isinstance(model_admin, ReadOnlyAdmin) and model._meta.app_label in OWN_APPS:
            request = page(client, "index").wsgi_request
            assert not {"body", "data_key", "personal", "secret", "secret_digest", "auth_hash", "recovery_digests"} & {
                *model_admin.get_fields(request),
                *map(str, model_admin.get_list_display(request)),
            }


def test_a_customer_is_found_by_the_whole_address_only(mine: Shop, theirs: Shop) -> None:
    client = signed_in(mine.member.user)
    for query, count in [("Payer@example.com", 1), (mine.customer.public_id, 1), ("payer", 0), ("Payer of", 0)]:
        assert page(client, "accounts_customer_changelist", q=query).context["cl"].queryset.count() == count, query
    assert page(client, "accounts_customer_changelist", q=theirs.customer.public_id).context["cl"].queryset.count() == 0
    assert "Payer of Mine" in opened(client, "accounts_customer", mine.customer.pk).content.decode()


def test_read_only_pages_take_nothing(mine: Shop) -> None:
    client = signed_in(new_user(is_staff=True, is_superuser=True))
    event = Event.objects.order_by("inserted")[0]
    for name, row in (("core_event", event), ("accounts_customer", mine.customer)):
        assert page(client, f"{name}_add").status_code == 403
        assert client.post(reverse(f"admin:{name}_change", args=[row.pk]), {"type": "x.y"}).status_code == 403
        assert client.post(reverse(f"admin:{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert Customer.objects.count() == 1


def test_dead_letters_are_sent_again(mine: Shop, settings: Any) -> None:
    run = HandlerRun.objects.create(
        event=Event.objects.order_by("inserted")[0], handler="x", due_at=clock.now(), state="dead", tries=5
    )
    arguments = {"run_id": run.pk}
    letter = DeadLetter.objects.create(
        task="core.run_handler", queue="payments", arguments=arguments, error="x", tries=5, created_at=clock.now()
    )
    client = signed_in(new_user(is_staff=True, is_superuser=True))
    wish = {"action": "send_again", "_selected_action": [letter.pk]}
    response = client.post(reverse("admin:core_deadletter_changelist"), wish, follow=True)
    assert "1 sent again." in response.content.decode()
    run.refresh_from_db()
    assert (run.state, run.tries) == ("pending", 0)


def test_a_new_key_is_shown_once(mine: Shop) -> None:
    client = signed_in(mine.member.user)
    wish: dict[str, Any] = {
        "merchant": str(mine.merchant.pk),
        "mode": "live",
        "name": "Till",
        "scopes": ["payments:read"],
    }
    wish[FIELD] = new_form()
    response = client.post(reverse("admin:accounts_apikey_add"), wish)
    secret = re.search(r'<code id="secret" class="secret">(rk_live_\w+)</code>', response.content.decode())
    assert secret is not None
    made = ApiKey.objects.get(name="Till")
    assert (made.livemode, made.merchant, made.created_by) == (True, mine.merchant, mine.member.user.public_id)
    assert "no-store" in response["Cache-Control"]
    assert secret[1] not in page(client, "accounts_apikey_change", made.pk).content.decode()


def test_a_key_needs_a_recent_proof(mine: Shop) -> None:
    client = Client()
    client.force_login(mine.member.user)
    wish = {"merchant": str(mine.merchant.pk), "mode": "test", "name": "Till", "scopes": ["payments:read"]}
    asked = client.post(reverse("admin:accounts_apikey_add"), wish)
    assert asked["Location"] == "/admin/confirm/?next=%2Fadmin%2Faccounts%2Fapikey%2Fadd%2F"
    assert not ApiKey.objects.filter(name="Till").exists()


def test_staff_cannot_make_a_key_wider_than_their_role() -> None:
    shop = Shop("Mine", role="developer")
    client = signed_in(shop.member.user)
    wish: dict[str, Any] = {
        "merchant": str(shop.merchant.pk),
        "mode": "test",
        "name": "Wide",
        "scopes": ["refunds:write"],
    }
    wish[FIELD] = new_form()
    response = client.post(reverse("admin:accounts_apikey_add"), wish)
    assert "may not carry these scopes" in response.content.decode()
    assert not ApiKey.objects.filter(name="Wide").exists()


def test_a_key_is_rotated_and_revoked(mine: Shop, theirs: Shop) -> None:
    client = signed_in(mine.member.user)
    foreign = reverse("admin:accounts_apikey_rotate", args=[theirs.key.key.pk])
    assert client.post(foreign, {"overlap_hours": 1}).status_code == 404
    response = client.post(reverse("admin:accounts_apikey_rotate", args=[mine.key.key.pk]), {"overlap_hours": 1})
    assert 'id="secret"' in response.content.decode()
    both = [str(mine.key.key.pk), str(theirs.key.key.pk)]
    client.post(reverse("admin:accounts_apikey_changelist"), {"action": "revoke", "_selected_action": both})
    assert ApiKey.objects.get(pk=mine.key.key.pk).revoked_at is not None
    assert ApiKey.objects.get(pk=theirs.key.key.pk).revoked_at is None


def test_who_only_reads_keys_cannot_rotate_them(mine: Shop) -> None:
    mine.member.role = Role.objects.create(merchant=mine.merchant, name="reader", scopes=["api_keys:read"])
    mine.member.save()
    client = signed_in(mine.member.user)
    assert page(client, "accounts_apikey_change", mine.key.key.pk).status_code == 200
    assert page(client, "accounts_apikey_rotate", mine.key.key.pk).status_code == 404
    assert page(client, "accounts_apikey_add").status_code == 404


def test_a_viewer_cannot_reach_the_page_of_new_keys() -> None:
    shop = Shop("Mine", role="viewer")
    assert page(signed_in(shop.member.user), "accounts_apikey_add").status_code == 404


def test_the_registered_classes_of_core_and_accounts_are_ours() -> None:
    ours = [model_admin for model, model_admin in admin.site._registry.items() if model._meta.app_label in OWN_APPS]
    assert len(ours) == 16
    assert all(isinstance(model_admin, TenantAdmin | ReadOnlyAdmin) for model_admin in ours)
    assert IdempotencyRecord in admin.site._registry
    assert Merchant in admin.site._registry
