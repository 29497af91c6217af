"""First start and demo access: files for the owner only, credentials that work, and nothing repaired in silence."""

import json
import stat
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from rupai.accounts import selectors
from rupai.accounts import setup as registry
from rupai.accounts.models import ApiKey, Membership, Merchant, User
from rupai.accounts.scopes import AGENT_SCOPES, KEY_SCOPES, MONEY_SCOPES
from rupai.accounts.services import sign_in
from rupai.accounts.services.agents import kill_agent
from rupai.accounts.services.authenticate import actor_of_agent_key, actor_of_key
from rupai.accounts.tests.factories import new_merchant, owner_of
from rupai.approvals.models import Mandate
from rupai.approvals.services.mandates import policy
from rupai.core.money import Money

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

NAMES = ["console_url", "admin_user", "admin_password", "api_url", "api_key", "mcp_url", "agent_key"]


def run(command: str, **options: Any) -> str:
    out = StringIO()
    call_command(command, stdout=out, **options)
    return out.getvalue()


def read(path: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(path.read_text())
    return found


def admin_of(credentials: dict[str, str]) -> User:
    return sign_in.check_credentials(
        email=credentials["admin_user"], password=credentials["admin_password"], code="", address=None
    )


def test_the_first_start_opens_the_demo_merchant(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    run("bootstrap", credentials=file)
    found = read(file)
    assert list(found) == NAMES
    assert found["console_url"] == f"{settings.BASE_URL}/admin/"
    assert found["api_url"] == f"{settings.BASE_URL}/api/v1"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["credentials.json"]
    user = admin_of(found)
    assert (user.is_staff, user.is_superuser, user.second_factor_waived) == (True, True, False)
    actor = actor_of_key(found["api_key"], address=None)
    assert actor is not None
    assert actor.merchant_id == Merchant.objects.get(name="Demo Merchant").pk
    assert not actor.livemode
    assert actor.scopes == KEY_SCOPES
    assert found["mcp_url"] == f"{settings.BASE_URL}/mcp"


def test_the_first_agent_may_move_test_money_within_a_mandate(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    run("bootstrap", credentials=file)
    agent = actor_of_agent_key(read(file)["agent_key"], address=None)
    assert agent is not None
    assert (agent.kind, agent.livemode, agent.scopes) == ("agent", False, AGENT_SCOPES)
    mandate = Mandate.objects.get()
    assert (mandate.agent.public_id, set(mandate.scopes)) == (agent.id, set(MONEY_SCOPES))
    asked = [
        policy(actor=agent, scope="payments:write", money=Money(amount, "INR"), payee="cust_0000000000000000000001")
        for amount in (100_00, 20_000_00, 60_000_00)
    ]
    assert [each.reason for each in asked] == ["", "over_approval_limit", "over_transaction"]


def test_a_lost_file_brings_a_further_key_of_the_same_agent(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    run("bootstrap", credentials=file)
    old = read(file)
    file.unlink()
    run("bootstrap", credentials=file)
    first, again = (actor_of_agent_key(each["agent_key"], address=None) for each in (old, read(file)))
    assert first
    assert again
    assert (first.id, Mandate.objects.count()) == (again.id, 1)
    kill_agent(actor=owner_of(Merchant.objects.get()), agent_id=first.id)
    file.unlink()
    run("bootstrap", credentials=file)
    newest = actor_of_agent_key(read(file)["agent_key"], address=None)
    assert newest
    assert (newest.id != first.id, Mandate.objects.count()) == (True, 2)


def test_a_later_start_leaves_the_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    run("bootstrap", credentials=file)
    before = file.read_bytes()
    assert "made" not in run("bootstrap", credentials=file)
    assert file.read_bytes() == before
    assert (Merchant.objects.count(), ApiKey.objects.count(), Membership.objects.count()) == (1, 1, 1)
    assert admin_of(read(file))


def test_a_lost_file_is_replaced_aloud(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    run("bootstrap", credentials=file)
    old = read(file)
    file.unlink()
    assert "made a new admin password and a further API key" in run("bootstrap", credentials=file)
    new = read(file)
    assert admin_of(new)
    with pytest.raises(sign_in.InvalidCredentials):
        admin_of(old)
    assert actor_of_key(new["api_key"], address=None)
    assert actor_of_key(old["api_key"], address=None)
    assert (Merchant.objects.count(), User.objects.count(), Membership.objects.count()) == (1, 1, 1)


def test_the_file_of_another_database_is_kept_aside(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    file.write_text("{}")
    assert "credentials.json.old" in run("bootstrap", credentials=file)
    assert (tmp_path / "credentials.json.old").read_text() == "{}"
    assert admin_of(read(file))


def test_a_missing_folder_is_one_clear_line_and_nothing_happens(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no folder"):
        run("bootstrap", credentials=tmp_path / "none" / "credentials.json")
    assert not Merchant.objects.exists()


def test_a_further_merchant_has_an_admin_who_sees_only_it(tmp_path: Path, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR_REQUIRED = True
    other = new_merchant()
    file = tmp_path / "other.json"
    run("demo_credentials", merchant="Tea & Sons", out=file)
    found = read(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    user = admin_of(found)
    assert (user.is_staff, user.is_superuser) == (True, False)
    assert selectors.standing(user) is selectors.Standing.INSIDE
    merchant = Merchant.objects.get(name="Tea & Sons")
    assert set(user.reach) == {merchant.pk}
    assert other.pk not in user.reach
    actor = actor_of_key(found["api_key"], address=None)
    assert actor is not None
    assert (actor.merchant_id, actor.livemode) == (merchant.pk, False)


def test_names_that_look_alike_have_admins_of_their_own(tmp_path: Path) -> None:
    for number, name in enumerate(["Tea & Sons", "Tea Sons", "茶"]):
        run("demo_credentials", merchant=name, out=tmp_path / f"{number}.json")
    admins = [admin_of(read(tmp_path / f"{number}.json")) for number in range(3)]
    assert len({user.pk for user in admins}) == 3
    assert [len(user.reach) for user in admins] == [1, 1, 1]


def test_asking_again_renews_the_access(tmp_path: Path) -> None:
    file = tmp_path / "tea.json"
    run("demo_credentials", merchant="Tea", out=file)
    assert "exists already" in run("demo_credentials", merchant="TEA", out=file)
    assert Merchant.objects.count() == 1
    assert admin_of(read(file))


def test_every_new_merchant_gets_the_registered_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_steps", {})
    seen: list[str] = []

    @registry.merchant_setup("test.second")
    def second(merchant: Merchant) -> None:
        seen.append(f"second {merchant.name}")

    @registry.merchant_setup("test.first")
    def first(merchant: Merchant) -> None:
        seen.append(f"first {merchant.name}")

    with pytest.raises(ValueError, match=r"test\.first"):
        registry.merchant_setup("test.first")(second)
    run("demo_credentials", merchant="Tea", out=tmp_path / "tea.json")
    assert seen == ["first Tea", "second Tea"]


def test_createsuperuser_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")
    run("createsuperuser", email="Root@Example.com", interactive=False)
    user = User.objects.get()
    assert (user.email, user.is_staff, user.is_superuser) == ("root@example.com", True, True)
