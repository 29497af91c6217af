"""The second factor: sealed, confirmed before it counts, each code once."""

from datetime import timedelta

import pytest
from django.db import connection

from rupai.accounts.models import Authenticator
from rupai.accounts.services import second_factor, sign_in
from rupai.accounts.services.second_factor import WrongCode
from rupai.accounts.services.sign_in import InvalidCredentials
from rupai.accounts.tests.factories import PASSWORD, at_once, code_of, enrol, new_user
from rupai.core import clock
from rupai.core.errors import WrongState

pytestmark = pytest.mark.django_db


def test_it_counts_only_after_its_first_code() -> None:
    user = new_user()
    second_factor.begin(user=user)
    assert second_factor.enrolled(user) is None
    with pytest.raises(WrongCode):
        second_factor.confirm(user=user, code="12345")
    assert second_factor.enrolled(user) is None
    second_factor.confirm(user=user, code=code_of(user))
    assert second_factor.enrolled(user) is not None
    with pytest.raises(WrongState):
        second_factor.begin(user=user)


def test_asking_again_shows_the_same_secret() -> None:
    user = new_user("ann@example.com")
    first, second = second_factor.begin(user=user), second_factor.begin(user=user)
    assert first == second
    assert first.address == (
        f"otpauth://totp/RupAI%3Aann%40example.com?secret={first.secret}&issuer=RupAI&digits=6&period=30"
    )


def test_secret_and_recovery_codes_cannot_be_read_from_the_database() -> None:
    user = new_user()
    codes = enrol(user)
    device = Authenticator.objects.get(user=user)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret, recovery_digests::text FROM accounts_authenticator")
        sealed, digests = cursor.fetchone()
    assert bytes(device.secret) not in bytes(sealed)
    assert len(codes) == len(set(codes)) == 10
    assert not [code for code in codes if code in digests or code.replace("-", "") in digests]


def test_a_code_works_once() -> None:
    user = new_user()
    enrol(user)
    now = clock.now()
    with clock.at(now):
        code = code_of(user)
        assert second_factor.use_code(user=user, code=code) is not None
        assert second_factor.use_code(user=user, code=code) is None
    with clock.at(now + timedelta(seconds=30)):
        assert second_factor.use_code(user=user, code=code) is None
        assert second_factor.use_code(user=user, code=code_of(user)) is not None


def test_a_code_of_the_neighbouring_half_minute_is_taken_and_an_older_one_is_not() -> None:
    user = new_user()
    enrol(user)
    now = clock.now()
    with clock.at(now):
        code = code_of(user)
    with clock.at(now + timedelta(seconds=60)):
        assert second_factor.use_code(user=user, code=code) is None
    with clock.at(now + timedelta(seconds=30)):
        assert second_factor.use_code(user=user, code=f"{code[:3]} {code[3:]}") is not None


def test_a_recovery_code_works_once_however_it_is_typed() -> None:
    user = new_user()
    code, other = enrol(user)[:2]
    assert second_factor.use_code(user=user, code=code.upper().replace("-", " ")) is not None
    assert second_factor.use_code(user=user, code=code) is None
    assert second_factor.use_code(user=user, code=other) is not None
    assert len(Authenticator.objects.get(user=user).recovery_digests) == 8


@pytest.mark.parametrize("code", ["", "١٢٣٤٥٦", "1234567", "12345a", "-" * 29])
def test_what_is_no_code_is_refused(code: str) -> None:
    user = new_user()
    enrol(user)
    assert second_factor.use_code(user=user, code=code) is None


def test_signing_in_with_the_second_factor() -> None:
    user = new_user()
    enrol(user)
    code = code_of(user)
    found = sign_in.check_credentials(email=user.email, password=PASSWORD, code=code, address=None)
    assert found.otp_device == Authenticator.objects.get(user=user)
    with pytest.raises(InvalidCredentials):
        sign_in.check_credentials(email=user.email, password=PASSWORD, code=code, address=None)


def test_a_wrong_password_does_not_use_up_the_code() -> None:
    user = new_user()
    enrol(user)
    code = code_of(user)
    with pytest.raises(InvalidCredentials):
        sign_in.check_credentials(email=user.email, password="wrong", code=code, address=None)
    assert sign_in.check_credentials(email=user.email, password=PASSWORD, code=code, address=None) == user


@pytest.mark.django_db(transaction=True)
def test_one_code_used_by_eight_at_once_lets_one_in() -> None:
    user = new_user()
    enrol(user)
    code = code_of(user)
    results = at_once(8, lambda _: second_factor.use_code(user=user, code=code))
    assert sum(isinstance(result, Authenticator) for result in results) == 1
    assert results.count(None) == 7
