"""What the sandbox acquirer booked survives its death, and nothing else does."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from payments.sandbox.acquirer import Acquirer
from payments.sandbox.entries import Entry, Operation
from payments.sandbox.journal import FileJournal, JournalDamaged, JournalInUse
from payments.sandbox.server import Server
from payments.sandbox.tokens import Verdict
from rupai.core import clock

pytestmark = pytest.mark.unit

CHARGE = Entry(
    op=Operation.CHARGE,
    account="a1",
    at="2026-03-01T12:00:00.000+00:00",
    id="ch_1",
    reference="pay_1_1",
    amount=10_000,
    currency="INR",
    token="tok_visa",
    key="key-0001",
    fingerprint="f1",
)
CAPTURE = replace(CHARGE, op=Operation.CAPTURE, id="cap_1", charge="ch_1", amount=4_000, key="key-0002")
DECLINED = replace(CHARGE, id="ch_2", verdict=Verdict.DECLINED, decline="do_not_honor", key="key-0003")


def acquirer(state: Path) -> tuple[Acquirer, FileJournal]:
    journal = FileJournal(state)
    made = Acquirer(journal=journal, now=clock.now)
    made.restore(journal.replay())
    return made, journal


def written(state: Path) -> Path:
    """Book a charge of 10000, a capture of 4000 and a declined charge, then let go of the journal."""
    bank, journal = acquirer(state)
    for entry in (CHARGE, CAPTURE, DECLINED):
        bank.record(entry)
    journal.close()
    return journal.path


def test_the_same_book_and_the_same_kept_answers_come_back(tmp_path: Path) -> None:
    bank, journal = acquirer(tmp_path)
    replies = [bank.record(entry) for entry in (CHARGE, CAPTURE, DECLINED)]
    journal.close()

    again, journal = acquirer(tmp_path)
    account = again.book.account("a1")
    assert account.charges == bank.book.account("a1").charges
    assert [(charge.status, charge.captured) for charge in account.charges] == [
        ("partially_captured", 4_000),
        ("declined", 0),
    ]
    assert list(account.replies.values()) == replies
    journal.close()


def test_an_entry_survives_writing_and_reading() -> None:
    for entry in (CHARGE, CAPTURE, DECLINED):
        assert Entry.read(json.loads(entry.line())) == entry


def test_a_torn_last_line_is_dropped_and_writing_goes_on_behind_the_last_whole_one(tmp_path: Path) -> None:
    path = written(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])

    bank, journal = acquirer(tmp_path)
    assert [charge.id for charge in bank.book.account("a1").charges] == ["ch_1"]
    bank.record(DECLINED)
    journal.close()
    assert path.read_bytes() == whole


def test_nothing_of_a_long_torn_line_shows_behind_a_shorter_new_one(tmp_path: Path) -> None:
    path = written(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"op":"charge","reference":"' + b"x" * 2_000)
    bank, journal = acquirer(tmp_path)
    new = replace(CHARGE, id="ch_3", key="key-0004")
    bank.record(new)
    journal.close()
    assert path.read_bytes() == whole + new.line()


def test_a_damaged_line_in_the_middle_is_named_and_nothing_starts(tmp_path: Path) -> None:
    path = written(tmp_path)
    first, second, third = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second.replace(b'"amount":4000', b'"amount":4e3!') + third)
    with pytest.raises(JournalDamaged, match="line 2"):
        Server(state=tmp_path, now=clock.now)
    path.write_bytes(first + second + third)
    server = Server(state=tmp_path, now=clock.now)
    assert server.restored == 3
    server.journal.close()


def test_a_second_process_cannot_write_to_the_same_journal(tmp_path: Path) -> None:
    first = Server(state=tmp_path, now=clock.now)
    with pytest.raises(JournalInUse):
        Server(state=tmp_path, now=clock.now)
    first.journal.close()
    Server(state=tmp_path, now=clock.now).journal.close()


def test_only_the_owner_can_read_the_journal(tmp_path: Path) -> None:
    path = written(tmp_path / "sandbox")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_line_that_cannot_be_written_whole_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank, journal = acquirer(tmp_path)
    bank.record(CHARGE)
    before = journal.path.read_bytes()
    pwrite = __import__("os").pwrite
    with monkeypatch.context() as patch:
        patch.setattr("payments.sandbox.journal.os.pwrite", lambda file, line, at: pwrite(file, line[:10], at))
        with pytest.raises(OSError, match="only 10 of"):
            bank.record(CAPTURE)
    assert journal.path.read_bytes() == before
    assert bank.book.account("a1").charges[0].captured == 0
    bank.record(CAPTURE)
    assert bank.book.account("a1").charges[0].captured == 4_000
    journal.close()
