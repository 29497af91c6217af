"""Files of reference rates: read whole or refused by line, and imported once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from rupai.accounts.tests.factories import new_merchant, owner_of
from rupai.core import clock
from rupai.core.errors import ScopeMissing
from wallets.models import FxRate
from wallets.providers import fx_ecb
from wallets.providers.fx_sheet import RatesRefused, Sheet
from wallets.selectors.fx import mid_rate
from wallets.services.fx_rates import import_rates
from wallets.tests.fx_world import MORNING

TODAY = date(2026, 11, 20)
FILE = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
\t<gesmes:subject>Reference rates</gesmes:subject>
\t<gesmes:Sender>
\t\t<gesmes:name>European Central Bank</gesmes:name>
\t</gesmes:Sender>
\t<Cube>
\t\t<Cube time='2026-11-20'>
\t\t\t<Cube currency='USD' rate='1.0850'/>
\t\t\t<Cube currency='JPY' rate='162.75'/>
\t\t\t<Cube currency='TRL' rate='1672'/>
\t\t</Cube>
\t\t<Cube time='2026-11-19'>
\t\t\t<Cube currency='USD' rate='1.0800'/>
\t\t</Cube>
\t</Cube>
</gesmes:Envelope>
"""


def read(text: str) -> Sheet:
    return fx_ecb.read(text.encode(), today=TODAY)


@pytest.mark.unit
def test_a_file_is_read_whole() -> None:
    sheet = read(FILE)
    assert [(price.day.day, price.base, price.quote, price.rate) for price in sheet.prices] == [
        (20, "EUR", "USD", Decimal("1.0850")),
        (20, "EUR", "JPY", Decimal("162.75")),
        (19, "EUR", "USD", Decimal("1.0800")),
    ]
    assert sheet.left_out == ("TRL",)


BAD = [
    ("rate='1.0850'", "rate='1,0850'", 9),
    ("rate='1.0850'", "rate='-1.0850'", 9),
    ("rate='1.0850'", "rate='0.0'", 9),
    ("rate='1.0850'", "rate='N/A'", 9),
    ("rate='1.0850'", "rate='1e3'", 9),
    ("rate='1.0850'", "rate='1.00000000001'", 9),
    ("rate='1.0850'", "rate='12345678901'", 9),
    ("rate='1.0850'", "rate='١.٥'", 9),
    ("rate='1.0850'", "", 9),
    ("rate='1.0850'", "rate='1.0850' note='x'", 9),
    ("currency='JPY'", "currency='jpy'", 10),
    ("currency='JPY'", "currency='EUR'", 10),
    ("currency='JPY'", "currency='USD'", 10),
    ("time='2026-11-19'", "time='2026-11-31'", 13),
    ("time='2026-11-19'", "time='2026-11-21'", 13),
    ("time='2026-11-19'", "time='yesterday'", 13),
    ("time='2026-11-19'", "", 13),
    ("<Cube currency='JPY' rate='162.75'/>", "<Cube currency='JPY' rate='162.75'><Cube/></Cube>", 10),
    ("<gesmes:subject>Reference rates</gesmes:subject>", "<Cube/><gesmes:subject><Cube/></gesmes:subject>", 3),
    ("rate='162.75'/>", "rate='162.75'>", 11),
    ("</gesmes:Envelope>", "", 18),
    ("gesmes:Envelope", "gesmes:Letter", 2),
    ("http://www.gesmes.org/xml/2002-08-01", "http://example.com/", 2),
    ('encoding="UTF-8"?>', 'encoding="UTF-8"?><!DOCTYPE x [<!ENTITY a "b">]>', 1),
]


@pytest.mark.unit
@pytest.mark.parametrize(("part", "instead", "line"), BAD)
def test_a_bad_file_is_refused_and_the_line_is_named(part: str, instead: str, line: int) -> None:
    assert part in FILE
    with pytest.raises(RatesRefused, match=f"Line {line}\\b") as refused:
        read(FILE.replace(part, instead))
    assert refused.value.details == {"line": line}


@pytest.mark.unit
@pytest.mark.parametrize("text", ["", "not XML", "<html/>", "\0", FILE.replace("<Cube currency", "<Cub currency")])
def test_what_is_no_such_file_is_refused(text: str) -> None:
    with pytest.raises(RatesRefused):
        read(text)


@pytest.mark.unit
def test_no_entity_is_ever_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("1.5")
    entity = f'<!DOCTYPE x [<!ENTITY rate SYSTEM "{secret.as_uri()}">]>\n<gesmes:Envelope'
    with pytest.raises(RatesRefused, match="document type"):
        read(FILE.replace("<gesmes:Envelope", entity, 1).replace("1.0850", "&rate;"))


def run(path: Path, *, at: datetime = MORNING) -> str:
    out = StringIO()
    with clock.at(at):
        call_command("import_fx_rates", str(path), stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "eurofxref-daily.xml"
    path.write_text(FILE)
    return path


@pytest.mark.django_db
def test_importing_makes_the_platforms_rates_once(file: Path) -> None:
    assert run(file) == (
        "3 new rates of 3 in eurofxref-daily.xml\nLeft out, because nothing can be paid in them: TRL\n"
    )
    assert run(file).startswith("0 new rates of 3")
    assert FxRate.objects.filter(merchant_id=None, livemode=None, source="ecb").count() == 3
    owner = owner_of(new_merchant())
    assert mid_rate(actor=owner, source="EUR", target="USD", at=MORNING) == Decimal("1.0850")
    assert mid_rate(actor=owner, source="USD", target="JPY", at=MORNING) == 150
    before = datetime(2026, 11, 19, 23, 59, tzinfo=UTC)
    assert mid_rate(actor=owner, source="EUR", target="USD", at=before) == Decimal("1.0800")


@pytest.mark.django_db
def test_a_corrected_file_wins_for_its_day(file: Path) -> None:
    run(file)
    file.write_text(FILE.replace("1.0850", "1.0851"))
    later = MORNING + timedelta(hours=1)
    assert run(file, at=later).startswith("1 new rates of 3")
    assert run(file, at=later).startswith("0 new rates of 3")
    owner = owner_of(new_merchant())
    assert mid_rate(actor=owner, source="EUR", target="USD", at=MORNING) == Decimal("1.0851")


@pytest.mark.django_db
def test_a_bad_file_imports_nothing(file: Path) -> None:
    file.write_text(FILE.replace("1.0800", "?"))
    with pytest.raises(CommandError, match="Line 14: USD costs a number above zero"):
        run(file)
    with pytest.raises(CommandError, match="cannot be read"):
        run(file.with_name("missing.xml"))
    assert not FxRate.objects.exists()


@pytest.mark.django_db
def test_only_the_platform_imports() -> None:
    with pytest.raises(ScopeMissing):
        import_rates(actor=owner_of(new_merchant()), sheet=read(FILE))
    assert not FxRate.objects.exists()
