"""The README's first payment works exactly as it is printed."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from payments.models import Payment
from tests.live import LiveShop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_the_first_payment_of_the_readme(shop: LiveShop, tmp_path: Path) -> None:
    readme = (Path(settings.BASE_DIR) / "README.md").read_text()
    [block] = re.findall(r"```bash\n(.*?)```", readme, re.DOTALL)
    (tmp_path / ".rupai").mkdir()
    credentials = {"api_url": f"{shop.stack.url}/api/v1", "api_key": shop.key}
    (tmp_path / ".rupai" / "credentials.json").write_text(json.dumps(credentials))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    payment = Payment.objects.get()
    assert (payment.status, payment.amount_captured, payment.amount_refunded) == ("partially_refunded", 10_000, 2_500)
    shown = [json.loads(part) for part in re.split(r"(?<=\})(?=\{)", done.stdout.strip())]
    assert shown[0]["payment_id"] == payment.public_id
    assert sorted(transfer["amount"] for transfer in shown[1]["data"]) == [190, 10_000]
    assert shown[2]["status"] == "succeeded"
