"""The README's first payment works exactly as it is printed."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from payments.models import Payment
from rupai.accounts.tests.factories import new_agent, new_agent_key, new_member
from rupai.approvals.tests.factories import new_mandate
from tests.live import LiveShop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

README = Path(settings.BASE_DIR) / "README.md"


def write(folder: Path, credentials: dict[str, str]) -> None:
    (folder / ".rupai").mkdir()
    (folder / ".rupai" / "credentials.json").write_text(json.dumps(credentials))


def test_the_first_payment_of_the_readme(shop: LiveShop, tmp_path: Path) -> None:
    readme = README.read_text()
    [block] = re.findall(r"```bash\n(.*?)```", readme, re.DOTALL)
    write(tmp_path, {"api_url": f"{shop.stack.url}/api/v1", "api_key": shop.key})
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


def test_the_first_payment_of_an_agent(shop: LiveShop, tmp_path: Path) -> None:
    [script] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    agent = new_agent(new_member(shop.shop.merchant))
    new_mandate(agent)
    write(tmp_path, {"mcp_url": f"{shop.stack.url}/mcp", "agent_key": new_agent_key(agent).secret})
    arguments = [sys.executable, "-c", script, shop.shop.customer.public_id, shop.method().public_id]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    seen, paid, again, left = json.loads(done.stdout)
    payment = Payment.objects.get()
    assert (payment.status, payment.amount_captured, payment.created_by) == ("captured", 4_500, agent.public_id)
    assert (seen["status"], seen["policy"]["outcome"]) == ("dry_run", "allowed")
    assert [each["payment_id"] for each in (paid, again)] == [payment.public_id] * 2
    assert again["idempotent_replay"] is True
    assert left["mandates"][0]["limits"][0]["used"] == 4_500
