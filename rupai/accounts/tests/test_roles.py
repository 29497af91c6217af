"""The built-in roles are in the database as the permission matrix says."""

import pytest
from django.core.management import call_command

from rupai.accounts.models import Role
from rupai.accounts.scopes import ALL, KEY_SCOPES, ROLES
from rupai.accounts.services.credentials import ScopesTooWide
from rupai.accounts.services.roles import delete_role, ensure_built_in_roles, save_role
from rupai.accounts.tests.factories import new_merchant, owner_of
from rupai.core.models import Event


def built_in() -> dict[str, list[str]]:
    return {role.name: role.scopes for role in Role.objects.filter(merchant=None)}


EXPECTED = {name: sorted(scopes) for name, scopes in ROLES.items()}


@pytest.mark.django_db
def test_roles_are_there_and_ensuring_them_again_changes_nothing() -> None:
    before = set(Role.objects.values_list("pk", flat=True))
    ensure_built_in_roles()
    assert built_in() == EXPECTED
    assert set(Role.objects.values_list("pk", flat=True)) == before


@pytest.mark.django_db
def test_a_role_that_differs_is_corrected_in_place() -> None:
    viewer = Role.objects.get(name="viewer")
    Role.objects.filter(pk=viewer.pk).update(scopes=["payments:write"])
    Role.objects.filter(name="support").delete()
    ensure_built_in_roles()
    assert built_in() == EXPECTED
    assert Role.objects.get(name="viewer").pk == viewer.pk


@pytest.mark.django_db(transaction=True)
def test_roles_survive_a_flush() -> None:
    call_command("flush", interactive=False, verbosity=0)
    assert built_in() == EXPECTED


@pytest.mark.unit
def test_the_matrix_knows_its_scopes_and_keys_manage_no_people() -> None:
    assert set(ROLES) == {"owner", "admin", "finance", "support", "developer", "viewer"}
    assert all(scopes <= ALL for scopes in ROLES.values())
    assert ROLES["owner"] == ALL
    assert not [scope for scope in ROLES["viewer"] if not scope.endswith(":read")]
    assert "users:write" not in KEY_SCOPES


@pytest.mark.django_db
def test_a_merchant_makes_a_role_within_its_makers_reach() -> None:
    merchant = new_merchant()
    clerk = owner_of(merchant, scopes=frozenset({"users:write", "payments:read"}))
    role = Role(name="tills", scopes=["payments:read"])
    save_role(actor=clerk, role=role)
    assert Role.objects.get(name="tills").merchant == merchant
    role.scopes = ["payments:read", "refunds:write"]
    with pytest.raises(ScopesTooWide):
        save_role(actor=clerk, role=role)
    save_role(actor=owner_of(merchant), role=role)
    role.scopes = ["payments:read"]
    with pytest.raises(ScopesTooWide):
        save_role(actor=clerk, role=role)
    assert Role.objects.get(name="tills").scopes == ["payments:read", "refunds:write"]
    delete_role(actor=owner_of(merchant), role=role)
    told = list(Event.objects.order_by("inserted").values_list("type", flat=True))
    assert told == ["role.created", "role.changed", "role.deleted"]
