"""The page on which a payer approves or fails a challenged charge of the sandbox acquirer."""

import html
from urllib.parse import parse_qs

from payments.sandbox.acquirer import Acquirer
from payments.sandbox.messages import HTML, Answer, Refused, Request
from payments.sandbox.objects import Charge, ChargeStatus

_HEADERS = (
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ("Cache-Control", "no-store"),
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandbox bank</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 10vh auto; max-width: 26rem; padding: 0 1rem; color: #1b1b1f }}
button {{ font: inherit; padding: .6rem 1.2rem; margin-right: .5rem; border: 1px solid #1b1b1f; border-radius: .4rem;
  background: #fff; color: #1b1b1f }}
button[value=approve] {{ background: #1b5e20; border-color: #1b5e20; color: #fff }}
</style>
</head>
<body>
<main>
<h1>Sandbox bank</h1>
{content}
</main>
</body>
</html>
"""
_QUESTION = """<p>Do you approve the payment of <strong>{amount} {currency}</strong> (in minor units)?</p>
<p>Reference {reference}. No money moves: this is a test.</p>
<form method="post">
<button name="result" value="approve">Approve</button>
<button name="result" value="fail">Fail</button>
</form>"""
_DONE = "<p>The payment is <strong>{status}</strong>. You can close this window.</p>"


def show(acquirer: Acquirer, secret: str) -> Answer:
    """Show the question, or what became of the charge when it was answered already.

    :raises Refused: 404 for an address that was never given out.
    """
    _, charge = _find(acquirer, secret)
    return _page(charge)


def answer(acquirer: Acquirer, secret: str, request: Request) -> Answer:
    """Take the payer's answer and send the payer back to the merchant.

    :raises Refused: 404 for an unknown address, 400 for anything but approve or fail.
    """
    account, charge = _find(acquirer, secret)
    result = parse_qs(request.body.decode("ascii", "replace"), max_num_fields=5).get("result", [""])[0]
    if result not in ("approve", "fail"):
        raise Refused(400, "invalid_field", "result must be approve or fail")
    if charge.status is not ChargeStatus.REQUIRES_ACTION:
        return _page(charge)
    acquirer.authenticate(account, charge.id, approved=result == "approve")
    if charge.return_url:
        return Answer(303, b"", content_type=HTML, headers=(*_HEADERS, ("Location", charge.return_url)))
    return _page(charge)


def _find(acquirer: Acquirer, secret: str) -> tuple[str, Charge]:
    account, charge_id = acquirer.book.challenges.get(secret, ("", ""))
    if not account:
        raise Refused(404, "not_found", "There is no such page")
    return account, acquirer.due_charge(acquirer.book.account(account), account, charge_id)


def _page(charge: Charge) -> Answer:
    content = _DONE.format(status=charge.status.replace("_", " "))
    if charge.status is ChargeStatus.REQUIRES_ACTION:
        content = _QUESTION.format(
            amount=charge.amount, currency=charge.currency, reference=html.escape(charge.reference)
        )
    return Answer(200, _PAGE.format(content=content).encode(), content_type=HTML, headers=_HEADERS)
