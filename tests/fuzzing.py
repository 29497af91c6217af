"""schemathesis against a running server: what the OpenAPI description says, held against what is answered."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from rupai.accounts.tests.factories import access_token, new_member, owner_of
from rupai.core.models import Event
from rupai.notifications.tests.factories import endpoint_at, number_all, opened
from tests.live import LiveShop
from tests.places import ADDRESS, new_once
from wallets.models import Transfer

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
]
PATIENCE = 1500.0


@dataclass
class Run:
    """What came of a run."""

    code: int
    output: str
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0

    @property
    def calls(self) -> int:
        return sum(self.statuses.values())


def rows_of(shop: LiveShop) -> dict[str, list[str]]:
    """Real ids for every name that stands in an address or a body."""
    endpoint = endpoint_at(ADDRESS, actor=owner_of(shop.shop.merchant), patterns=["*"])
    paid = [shop.post("/payments", shop.wish(), once=new_once()).body["payment_id"] for _ in range(3)]
    held = [shop.post("/payments", shop.wish(capture="manual"), once=new_once()).body["payment_id"] for _ in range(5)]
    refund = shop.post(f"/payments/{paid[0]}/refunds", {"amount": 100}, once=new_once()).body["refund_id"]
    number_all()
    event = Event.objects.filter(subject_id=paid[0]).earliest("inserted")
    transfer = Transfer.objects.filter(reference=paid[0]).first()
    assert transfer is not None
    member = new_member(merchant=shop.shop.merchant, role="viewer")
    return {
        "payment_id": paid + held,
        "refund_id": [refund],
        "customer_id": [shop.shop.customer.public_id],
        "payment_method_token": [shop.method().public_id for _ in range(3)],
        "account_id": [transfer.debit_account.public_id, transfer.credit_account.public_id],
        "transfer_id": [transfer.public_id],
        "event_id": [event.public_id],
        "user_id": [member.user.public_id],
        "endpoint_id": [endpoint.public_id],
        "delivery_id": [opened(event, endpoint).public_id],
    }


def configuration(rows: dict[str, list[str]]) -> str:
    """Half of the ids are real ones; what they name can be paid, captured, refunded and so on."""
    lines = []
    for name, values in rows.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}"]
    lines += ["[dictionaries.token]", 'values = ["tok_visa", "tok_mastercard", "tok_upi"]', "[parameters]"]
    for name in rows:
        lines.append(f'"path.{name}" = {{ dictionary = "{name}", probability = 0.7 }}')
    for name in ("customer_id", "payment_method_token", "token"):
        lines.append(f'"body.{name}" = {{ dictionary = "{name}", probability = 0.7 }}')
    return "\n".join(lines) + "\n"


def run(shop: LiveShop, folder: Path, *, examples: int, seed: int, phases: str) -> Run:
    """Call every operation with so many generated cases, and check each answer."""
    config, report = folder / "schemathesis.toml", folder / "calls.har"
    config.write_text(configuration(rows_of(shop)))
    owner = new_member(merchant=shop.shop.merchant)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"),
        f"{shop.stack.url}/api/schema/",
        *("--header", f"Authorization: Bearer {access_token(owner)}"),
        *("--checks", ",".join(CHECKS), "--phases", phases, "--max-examples", str(examples), "--seed", str(seed)),
        *("--report-har-path", str(report), "--report", "har", "--no-color", "--continue-on-failure"),
        *("--generation-database", "none", "--request-timeout", "20", "--suppress-health-check", "all"),
    ]
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
    result = Run(found.returncode, found.stdout + found.stderr)
    for entry in json.loads(report.read_text())["log"]["entries"]:
        result.statuses[entry["response"]["status"]] += 1
        result.slowest = max(result.slowest, entry["time"] / 1000)
    return result
