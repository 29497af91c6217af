"""Password sign-in: bounded tries, one answer for everything that is wrong, the same work for every name."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher

from rupai.accounts.models import SignInGuard, User
from rupai.accounts.services import guard, sign_in
from rupai.accounts.services.guard import TooManyTries
from rupai.accounts.services.sign_in import InvalidCredentials
from rupai.accounts.tests.factories import PASSWORD, at_once, code_of, enrol, new_user
from rupai.core import clock

pytestmark = pytest.mark.django_db
WRONG = "not the password"


def enter(email: str, password: str = WRONG, code: str = "", address: str = "192.0.2.1") -> User:
    return sign_in.check_credentials(email=email, password=password, code=code, address=address)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each password that the hasher worked on."""
    seen: list[str] = []
    work: Callable[..., str] = MD5PasswordHasher.encode

    def encode(self: MD5PasswordHasher, password: str, salt: str) -> str:
        seen.append(password)
        return work(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", encode)
    return seen


def test_the_right_password_signs_in_whatever_the_case_of_the_address() -> None:
    user = new_user("ann@example.com")
    assert enter("  Ann@Example.com ", PASSWORD) == user
    assert SignInGuard.objects.filter(pk=guard.subject_of_name(user.email)).count() == 0


def test_every_wrong_thing_gets_the_same_answer() -> None:
    enrolled = new_user("coded@example.com")
    enrol(enrolled)
    new_user("ann@example.com")
    new_user("invited@example.com", None)
    new_user("closed@example.com", is_active=False)
    answers = set()
    for email, password, code in [
        ("nobody@example.com", PASSWORD, ""),
        ("ann@example.com", WRONG, ""),
        ("invited@example.com", PASSWORD, ""),
        ("closed@example.com", PASSWORD, ""),
        ("coded@example.com", PASSWORD, ""),
        ("coded@example.com", PASSWORD, "000000"),
        ("coded@example.com", WRONG, code_of(enrolled)),
        ("", "", ""),
    ]:
        with pytest.raises(InvalidCredentials) as refusal:
            enter(email, password, code)
        answers.add((refusal.value.message, refusal.value.hint, refusal.value.status, refusal.value.code))
    assert answers == {
        (
            "The credentials are not right",
            "Check e-mail and password, and send the code of your authenticator app if you use one.",
            401,
            "invalid_credentials",
        )
    }


def test_the_hasher_works_once_for_every_name(hashed: list[str]) -> None:
    new_user("ann@example.com")
    new_user("invited@example.com", None)
    new_user("closed@example.com", is_active=False)
    for email in ("ann@example.com", "nobody@example.com", "invited@example.com", "closed@example.com"):
        hashed.clear()
        with pytest.raises(InvalidCredentials):
            enter(email)
        assert len(hashed) == 1, email


@pytest.mark.parametrize("email", ["ann@example.com", "nobody@example.com"])
def test_ten_wrong_tries_lock_a_name_for_thirty_minutes(email: str, hashed: list[str]) -> None:
    new_user("ann@example.com")
    now = clock.now()
    with clock.at(now):
        for _ in range(10):
            with pytest.raises(InvalidCredentials):
                enter(email)
        hashed.clear()
        for password in (WRONG, PASSWORD):
            with pytest.raises(TooManyTries) as refusal:
                enter(email, password)
            assert (refusal.value.status, refusal.value.retry_after) == (429, 1800)
            assert refusal.value.message == "Too many tries. Try again later."
        assert hashed == []
    with clock.at(now + timedelta(minutes=29, seconds=59)), pytest.raises(TooManyTries):
        enter(email, PASSWORD)
    with clock.at(now + timedelta(minutes=30)), pytest.raises(InvalidCredentials):
        enter(email)


def test_after_the_lock_the_right_password_works_and_the_count_begins_anew() -> None:
    user = new_user("ann@example.com")
    now = clock.now()
    with clock.at(now):
        for _ in range(10):
            with pytest.raises(InvalidCredentials):
                enter(user.email)
    with clock.at(now + timedelta(minutes=30)):
        assert enter(user.email, PASSWORD) == user
        for _ in range(9):
            with pytest.raises(InvalidCredentials):
                enter(user.email)
        assert enter(user.email, PASSWORD) == user


def test_old_wrong_tries_are_forgotten_after_the_pause() -> None:
    user = new_user("ann@example.com")
    now = clock.now()
    with clock.at(now):
        for _ in range(9):
            with pytest.raises(InvalidCredentials):
                enter(user.email)
    with clock.at(now + timedelta(minutes=30)):
        with pytest.raises(InvalidCredentials):
            enter(user.email)
        assert enter(user.email, PASSWORD) == user


@pytest.mark.slow
def test_one_address_may_guess_a_hundred_times_over_all_names() -> None:
    user = new_user("ann@example.com")
    now = clock.now()
    with clock.at(now):
        for number in range(100):
            with pytest.raises(InvalidCredentials):
                enter(f"name{number}@example.com")
        with pytest.raises(TooManyTries):
            enter(user.email, PASSWORD)
        assert enter(user.email, PASSWORD, address="192.0.2.2") == user
    with clock.at(now + timedelta(minutes=10)):
        assert enter(user.email, PASSWORD) == user


def test_the_right_password_does_not_give_an_address_its_guesses_back() -> None:
    user = new_user("ann@example.com")
    for number in range(99):
        with pytest.raises(InvalidCredentials):
            enter(f"name{number}@example.com")
    assert enter(user.email, PASSWORD) == user
    with pytest.raises(InvalidCredentials):
        enter("name99@example.com")
    with pytest.raises(TooManyTries):
        enter("name100@example.com")


def test_all_of_an_ipv6_network_counts_as_one_address() -> None:
    assert guard.subject_of_address("2001:db8:1:2::1") == guard.subject_of_address("2001:db8:1:2:ffff::9")
    assert guard.subject_of_address("2001:db8:1:2::1") != guard.subject_of_address("2001:db8:1:3::1")


def test_names_and_addresses_are_not_kept_in_the_clear() -> None:
    with pytest.raises(InvalidCredentials):
        enter("ann@example.com")
    kept = " ".join(SignInGuard.objects.values_list("subject", flat=True))
    assert len(kept) == 64 + 1 + 64
    assert "ann" not in kept
    assert "192" not in kept


def test_counters_that_refuse_nobody_are_deleted() -> None:
    with clock.at(clock.now() - timedelta(hours=1)), pytest.raises(InvalidCredentials):
        enter("ann@example.com")
    with pytest.raises(InvalidCredentials):
        enter("bob@example.com", address="192.0.2.9")
    assert guard.forget_old() == 2
    assert SignInGuard.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_ten_wrong_tries_at_once_count_ten() -> None:
    results = at_once(10, lambda _: enter("ann@example.com"))
    assert [type(result) for result in results] == [InvalidCredentials] * 10
    counter = SignInGuard.objects.get(pk=guard.subject_of_name("ann@example.com"))
    assert counter.failures == 10
    assert counter.locked_until is not None


@pytest.mark.django_db(transaction=True)
def test_thirty_tries_at_once_are_no_more_than_ten_guesses(hashed: list[str]) -> None:
    results = at_once(30, lambda _: enter("ann@example.com"))
    kinds = [type(result) for result in results]
    assert kinds.count(InvalidCredentials) == 10
    assert kinds.count(TooManyTries) == 20
    assert len(hashed) == 10


def test_a_proof_while_signed_in_counts_as_a_try(hashed: list[str]) -> None:
    user = new_user("ann@example.com")
    results: list[Any] = [sign_in.confirm_again(user=user, proof=WRONG) for _ in range(10)]
    assert results == [False] * 10
    with pytest.raises(TooManyTries):
        sign_in.confirm_again(user=user, proof=PASSWORD)
    with pytest.raises(TooManyTries):
        enter(user.email, PASSWORD)
