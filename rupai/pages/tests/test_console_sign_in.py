"""The console's door: password, lock, second factor, and sessions that end at once."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django import Settings

from rupai.accounts.models import Authenticator, SignInGuard, User
from rupai.accounts.services import people
from rupai.accounts.tests.factories import PASSWORD, code_of, enrol, new_member, new_user
from rupai.core import clock

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LOGIN, INDEX, FACTOR, CONFIRM = "/admin/login/", "/admin/", "/admin/second-factor/", "/admin/confirm/"


@pytest.fixture
def staff() -> User:
    return new_user("staff@example.com", is_staff=True, is_superuser=True)


def enter(client: Client, user: User, password: str = PASSWORD, code: str = "", follow: str = INDEX) -> Any:
    return client.post(LOGIN, {"username": user.email, "password": password, "code": code, "next": follow})


def complaint(response: Any) -> str:
    found = re.search(r'<p class="errornote">(.*?)</p>', response.content.decode(), re.DOTALL)
    return found[1].strip() if found else ""


def begin_enrolment(client: Client, user: User) -> str:
    """Open the page and return the code that the app shows for its secret."""
    page = client.get(FACTOR)
    assert page.status_code == 200
    return code_of(user)


def test_staff_sign_in_and_get_a_new_session(client: Client, staff: User) -> None:
    client.get(LOGIN)
    session = client.session
    session["before"] = True
    session.save()
    client.cookies["sessionid"] = old = session.session_key or ""
    response = enter(client, staff, follow="/admin/accounts/merchant/")
    assert (response.status_code, response["Location"]) == (302, "/admin/accounts/merchant/")
    assert client.cookies["sessionid"].value not in {"", old}
    assert client.get(INDEX).status_code == 200


def test_a_session_ends_after_a_quarter_of_an_hour_without_use(client: Client, staff: User) -> None:
    enter(client, staff)
    assert client.session.get_expiry_age() == 15 * 60
    assert client.cookies["sessionid"]["httponly"]


def test_wrong_name_wrong_password_wrong_code_and_no_staff_read_the_same(client: Client, staff: User) -> None:
    coded = new_user("coded@example.com", is_staff=True, is_superuser=True)
    enrol(coded)
    merchant_user = new_member(role="viewer").user
    lonely = new_user("lonely@example.com", is_staff=True)
    ghost = User(email="ghost@example.com")
    responses = [
        enter(client, staff, "wrong"),
        enter(client, ghost),
        enter(client, coded),
        enter(client, coded, code="000000"),
        enter(client, merchant_user),
        enter(client, lonely),
    ]
    assert {response.status_code for response in responses} == {200}
    assert {complaint(response) for response in responses} == {"The credentials are not right."}
    assert client.get(INDEX).status_code == 302


@pytest.mark.parametrize("email", ["staff@example.com", "ghost@example.com"])
def test_ten_wrong_tries_lock_the_console_too(client: Client, staff: User, email: str) -> None:
    user = User(email=email)
    for _ in range(10):
        assert enter(client, user, "wrong").status_code == 200
    locked = enter(client, user)
    assert locked.status_code == 429
    assert 1790 <= int(locked["Retry-After"]) <= 1800
    assert complaint(locked) == "Too many tries. Try again later."
    with clock.at(clock.now() + timedelta(minutes=31)):
        assert enter(client, staff).status_code == 302


def test_a_disabled_person_is_out_at_once(client: Client, staff: User) -> None:
    enter(client, staff)
    get_user_model().objects.filter(pk=staff.pk).update(is_active=False)
    assert client.get(INDEX)["Location"].startswith(LOGIN)


def test_a_member_who_is_switched_off_is_out_at_once(client: Client) -> None:
    member = new_member(is_staff=True)
    enter(client, member.user)
    assert client.get(INDEX).status_code == 200
    member.is_active = False
    member.save()
    assert client.get(INDEX)["Location"].startswith(LOGIN)


def test_a_changed_password_ends_the_other_sessions(client: Client, staff: User) -> None:
    other = Client()
    enter(client, staff)
    enter(other, staff)
    changed = client.post(
        "/admin/password_change/",
        {"old_password": PASSWORD, "new_password1": "a new long password", "new_password2": "a new long password"},
    )
    assert changed.status_code == 302
    assert client.get(INDEX).status_code == 200
    assert other.get(INDEX).status_code == 302


def test_guessing_the_old_password_in_a_session_is_bounded(client: Client, staff: User) -> None:
    enter(client, staff)
    form = {"old_password": "wrong", "new_password1": "a new long password", "new_password2": "a new long password"}
    for _ in range(10):
        assert b"This is not right." in client.post("/admin/password_change/", form).content
    locked = client.post("/admin/password_change/", {**form, "old_password": PASSWORD})
    assert b"Too many tries" in locked.content
    staff.refresh_from_db()
    assert staff.check_password(PASSWORD)


def test_weak_passwords_are_refused(client: Client, staff: User) -> None:
    enter(client, staff)
    for weak in ("short-one", "password1234", "123456789012"):
        form = {"old_password": PASSWORD, "new_password1": weak, "new_password2": weak}
        assert client.post("/admin/password_change/", form).status_code == 200, weak
    staff.refresh_from_db()
    assert staff.check_password(PASSWORD)


def test_enrolling_shows_a_drawn_code_and_recovery_codes_once(client: Client, staff: User) -> None:
    enter(client, staff)
    page = client.get(FACTOR)
    text = page.content.decode()
    assert "<svg" in text
    assert not re.search(r"<[^>]+\sstyle=|<script>|\son\w+=", text)
    assert "no-store" in page["Cache-Control"]
    wrong = client.post(FACTOR, {"code": "000000"})
    assert "This is not the code" in wrong.content.decode()
    done = client.post(FACTOR, {"code": code_of(staff)})
    codes = re.findall(r"<li><code>([a-z2-9-]{29})</code></li>", done.content.decode())
    assert len(codes) == 10
    assert client.get(INDEX).status_code == 200
    again = client.get(FACTOR).content.decode()
    assert not [code for code in codes if code in again]
    assert "<svg width" not in again


def test_after_enrolling_the_code_is_asked_for_and_works_once(client: Client, staff: User) -> None:
    enrol(staff)
    assert enter(client, staff).status_code == 200
    code = code_of(staff)
    assert enter(client, staff, code=code).status_code == 302
    assert client.get(INDEX).status_code == 200
    assert enter(Client(), staff, code=code).status_code == 200


def test_a_recovery_code_stands_in_for_the_app_once(client: Client, staff: User) -> None:
    code = enrol(staff)[0]
    assert enter(client, staff, code=code).status_code == 302
    assert enter(Client(), staff, code=code).status_code == 200


def test_a_session_from_before_enrolment_has_to_show_the_code(client: Client, staff: User) -> None:
    enter(client, staff)
    enrol(staff)
    response = client.get(INDEX)
    assert response["Location"].startswith(LOGIN)
    assert "code of your second factor" in client.get(LOGIN).content.decode()


def test_removing_needs_password_and_code(client: Client, staff: User) -> None:
    enrol(staff)
    enter(client, staff, code=code_of(staff))
    Authenticator.objects.update(last_step=-1)
    for given in ({"password": PASSWORD, "code": "000000"}, {"password": "wrong", "code": code_of(staff)}):
        assert "The credentials are not right" in client.post(FACTOR, given).content.decode()
    assert Authenticator.objects.filter(confirmed=True).exists()
    gone = client.post(FACTOR, {"password": PASSWORD, "code": code_of(staff)})
    assert gone["Location"] == INDEX
    assert not Authenticator.objects.exists()


def test_where_it_is_required_staff_see_nothing_but_enrolment(client: Client, staff: User, settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR_REQUIRED = True
    assert enter(client, staff).status_code == 302
    for path in (INDEX, "/admin/accounts/user/", "/admin/jsi18n/", "/admin/password_change/", "/admin/nothing/"):
        assert client.get(path)["Location"] == FACTOR, path
    page = client.get(FACTOR)
    assert "/admin/accounts/" not in page.content.decode()
    assert page.context["available_apps"] == []
    code = code_of(staff)
    assert client.post(FACTOR, {"code": code}).status_code == 200
    assert client.get(INDEX).status_code == 200


def test_who_still_has_to_enrol_can_log_out(client: Client, staff: User, settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR_REQUIRED = True
    enter(client, staff)
    client.post("/admin/logout/")
    assert client.get(FACTOR)["Location"].startswith(LOGIN)


def test_a_waiver_is_a_waiver(client: Client, settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR_REQUIRED = True
    member = new_member(is_staff=True, second_factor_waived=True)
    enter(client, member.user)
    assert client.get(INDEX).status_code == 200


def test_enrolment_is_not_for_strangers(client: Client) -> None:
    for path in (FACTOR, CONFIRM):
        assert client.get(path)["Location"].startswith(LOGIN)
    member = new_member()
    client.force_login(member.user)
    assert client.get(FACTOR)["Location"].startswith(LOGIN)
    assert not Authenticator.objects.exists()


def test_an_old_sign_in_is_asked_again_before_enrolment(client: Client, staff: User) -> None:
    now = clock.now()
    with clock.at(now):
        enter(client, staff)
    with clock.at(now + timedelta(minutes=10)):
        asked = client.get(FACTOR)
        assert asked["Location"] == f"{CONFIRM}?next=%2Fadmin%2Fsecond-factor%2F"
        assert not Authenticator.objects.exists()
        assert client.post(asked["Location"], {"proof": "wrong"}).status_code == 200
        before = client.session.session_key
        confirmed = client.post(asked["Location"], {"proof": PASSWORD})
        assert confirmed["Location"] == FACTOR
        assert client.session.session_key != before
        assert client.get(FACTOR).status_code == 200
    assert not SignInGuard.objects.filter(failures__gt=1).exists()


def test_confirming_leads_nowhere_else(client: Client, staff: User) -> None:
    enter(client, staff)
    for target in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", ""):
        response = client.post(CONFIRM, {"proof": PASSWORD, "next": target})
        assert response["Location"] == INDEX


def test_signing_in_leads_nowhere_else(client: Client, staff: User) -> None:
    assert enter(client, staff, follow="https://evil.example/")["Location"] == INDEX


def test_forms_need_the_csrf_token(staff: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert enter(strict, staff).status_code == 403
    strict.force_login(staff)
    for path in (FACTOR, CONFIRM, "/admin/logout/"):
        assert strict.post(path, {"proof": PASSWORD}).status_code == 403


def test_an_invited_person_sets_a_password_by_the_link(client: Client) -> None:
    member = new_member(role="viewer", password=None, email="ann@example.com")
    uid, token = people.password_token(member.user)
    link = f"/admin/invitation/{uid}/{token}/"
    page = client.get(link, follow=True)
    # The token is gone from the address that the page itself has.
    assert token not in page.redirect_chain[-1][0]
    where = page.redirect_chain[-1][0]
    weak = client.post(where, {"new_password1": "short", "new_password2": "short"})
    assert weak.status_code == 200
    done = client.post(where, {"new_password1": "a new long password", "new_password2": "a new long password"})
    assert done["Location"] == LOGIN
    member.user.refresh_from_db()
    assert member.user.check_password("a new long password")
    assert b"does not work any more" in Client().get(link, follow=True).content


def test_the_link_of_an_invitation_is_not_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    uid, token = people.password_token(new_user(password=None))
    with caplog.at_level("INFO", logger="rupai.request"):
        client.get(f"/admin/invitation/{uid}/{token}/")
    assert uid in caplog.text
    assert token not in caplog.text
