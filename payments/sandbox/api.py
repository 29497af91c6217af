"""The acquirer's HTTP API: one function a path, each turning a request into an answer."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from payments.sandbox import challenge_page
from payments.sandbox.acquirer import Acquirer, fingerprint
from payments.sandbox.control import control
from payments.sandbox.entries import Entry, Operation
from payments.sandbox.fields import CURRENCY, LINE, NAME, REFERENCE, WEB_ADDRESS, Fields
from payments.sandbox.messages import Answer, Refused, Request, encode
from payments.sandbox.tokens import TOKENS
from payments.sandbox.views import charge_view, payout_view, refund_view, token_view

MAX_BODY = 262_144
MAX_PAGE = 500
_BEARER = re.compile(r"Bearer (sk_test_sandbox[0-9A-Za-z_]{0,64})")
_KEY = re.compile(r"[\x21-\x7e]{8,255}")

Handler = Callable[[Acquirer, str, Request, str], Answer]


def account_of(secret_key: str) -> str:
    """Name the account behind a secret key, so that the key itself is written nowhere."""
    return blake2b(secret_key.encode(), digest_size=8).hexdigest()


def handle(acquirer: Acquirer, request: Request) -> Answer:
    """Answer a request; refusals and a full disk become answers here, anything else stays loud."""
    try:
        return _route(acquirer, request)
    except Refused as refused:
        return refused.answer()
    except OSError as error:
        return Refused(503, "journal_unavailable", f"Nothing was booked: {error}").answer()


def _route(acquirer: Acquirer, request: Request) -> Answer:
    if request.path == "/health":
        return Answer(200, b'{"status":"ok"}')
    parts = request.path.split("/")
    if parts[1] == "3ds" and len(parts) == 3:
        return _challenge(acquirer, parts[2], request)
    account = _authenticated(request)
    if request.path == "/control":
        return _only(request, "POST", "GET") or control(acquirer, account, request)
    if len(request.body) > MAX_BODY:
        raise Refused(413, "body_too_large", f"A body has at most {MAX_BODY} bytes")
    if not 3 <= len(parts) <= 5:
        raise Refused(404, "not_found", "There is no such path")
    handlers = _ROUTES.get((parts[1], parts[2], len(parts), parts[4] if len(parts) == 5 else ""))
    if handlers is None:
        raise Refused(404, "not_found", "There is no such path")
    handler = handlers.get(request.method)
    if handler is None:
        raise Refused(405, "method_not_allowed", f"Use {' or '.join(handlers)}")
    return acquirer.outage(account) or handler(acquirer, account, request, parts[3] if len(parts) > 3 else "")


def _challenge(acquirer: Acquirer, secret: str, request: Request) -> Answer:
    refusal = _only(request, "GET", "POST")
    if refusal or request.method == "GET":
        return refusal or challenge_page.show(acquirer, secret)
    return challenge_page.answer(acquirer, secret, request)


def _only(request: Request, *methods: str) -> Answer | None:
    if request.method in methods:
        return None
    return Refused(405, "method_not_allowed", f"Use {' or '.join(methods)}").answer()


def _authenticated(request: Request) -> str:
    found = _BEARER.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        raise Refused(401, "invalid_key", "Send Authorization: Bearer sk_test_sandbox...")
    return account_of(found[1])


def _keyed(acquirer: Acquirer, account: str, request: Request, operation: Operation) -> tuple[Entry, Answer | None]:
    """Begin an entry under the request's idempotency key, or give the answer kept under it."""
    key = request.headers.get("idempotency-key", "")
    if not _KEY.fullmatch(key):
        raise Refused(400, "idempotency_key_missing", "Send an Idempotency-Key of 8 to 255 printable characters")
    mark = fingerprint(request.path, request.body)
    kept = acquirer.kept(account, key=key, fingerprint=mark)
    return acquirer.blank(operation, account, key=key, fingerprint=mark), kept


def _create(acquirer: Acquirer, account: str, request: Request, _part: str) -> Answer:
    fields = Fields(request)
    entry, kept = _keyed(acquirer, account, request, Operation.CHARGE)
    entry = replace(
        entry,
        reference=fields.text("reference", REFERENCE),
        amount=fields.amount(),
        currency=fields.text("currency", CURRENCY),
        token=fields.text("token", NAME),
        capture=fields.flag("capture", default=True),
        return_url=fields.text("return_url", WEB_ADDRESS, default=""),
    )
    challenge, method = fields.flag("challenge", default=False), fields.text("method", NAME, default="")
    fields.text("customer", LINE, default="")
    fields.text("description", LINE, default="")
    fields.mapping("metadata")
    fields.finish()
    token = TOKENS.get(entry.token)
    if token and method not in ("", token.method):
        raise Refused(400, "invalid_field", f"method must be {token.method} for this token")
    return kept or acquirer.charge(entry, challenge=challenge)


def _capture(acquirer: Acquirer, account: str, request: Request, charge_id: str) -> Answer:
    fields = Fields(request)
    entry, kept = _keyed(acquirer, account, request, Operation.CAPTURE)
    if kept:
        return kept
    charge = acquirer.due_charge(acquirer.book.account(account), account, charge_id)
    amount = fields.amount(default=charge.capturable or 1)
    fields.finish()
    return acquirer.change(replace(entry, charge=charge_id, amount=amount))


def _void(acquirer: Acquirer, account: str, request: Request, charge_id: str) -> Answer:
    Fields(request).finish()
    entry, kept = _keyed(acquirer, account, request, Operation.VOID)
    return kept or acquirer.change(replace(entry, charge=charge_id))


def _refund(acquirer: Acquirer, account: str, request: Request, charge_id: str) -> Answer:
    fields = Fields(request)
    entry, kept = _keyed(acquirer, account, request, Operation.REFUND)
    if kept:
        return kept
    charge = acquirer.due_charge(acquirer.book.account(account), account, charge_id)
    amount = fields.amount(default=charge.refundable or 1)
    reference = fields.text("reference", REFERENCE)
    fields.text("reason", LINE, default="")
    fields.finish()
    return acquirer.change(replace(entry, charge=charge_id, amount=amount, reference=reference))


def _authenticate(acquirer: Acquirer, account: str, request: Request, charge_id: str) -> Answer:
    fields = Fields(request)
    result = fields.text("result", re.compile("approve|fail"))
    fields.finish()
    reply = acquirer.authenticate(account, charge_id, approved=result == "approve")
    return Answer(reply.status, reply.body)


def _charges(acquirer: Acquirer, account: str, request: Request, _part: str) -> Answer:
    query = _query(request, "reference", "after", "limit")
    owner = acquirer.book.account(account)
    limit = _limit(query)
    start = owner.charge(query["after"]).position + 1 if "after" in query else 0
    if "reference" in query:
        rows = [charge for charge in owner.by_reference.get(query["reference"], ()) if charge.position >= start]
    else:
        rows = owner.charges[start : start + limit + 1]
    views = [_charge_view(acquirer, account, charge.id) for charge in rows[:limit]]
    return Answer(200, encode({"charges": views, "has_more": len(rows) > limit}))


def _read(acquirer: Acquirer, account: str, _request: Request, charge_id: str) -> Answer:
    return Answer(200, encode(_charge_view(acquirer, account, charge_id)))


def _charge_view(acquirer: Acquirer, account: str, charge_id: str) -> dict[str, Any]:
    charge = acquirer.due_charge(acquirer.book.account(account), account, charge_id)
    return charge_view(charge, acquirer.book.base_url)


def _refunds(acquirer: Acquirer, account: str, request: Request, _part: str) -> Answer:
    query = _query(request, "reference")
    if "reference" not in query:
        raise Refused(400, "invalid_field", "reference is missing")
    owner = acquirer.book.account(account)
    acquirer.settle_refunds(owner, account, query["reference"])
    found = owner.refunds_by_reference.get(query["reference"], [])
    return Answer(200, encode({"refunds": [refund_view(refund) for refund in found]}))


def _pay_out(acquirer: Acquirer, account: str, request: Request, _part: str) -> Answer:
    fields = Fields(request)
    entry, kept = _keyed(acquirer, account, request, Operation.PAYOUT)
    entry = replace(
        entry,
        reference=fields.text("reference", REFERENCE),
        amount=fields.amount(),
        currency=fields.text("currency", CURRENCY),
        token=fields.text("destination", NAME),
    )
    fields.text("description", LINE, default="")
    fields.finish()
    return kept or acquirer.payout(entry)


def _payouts(acquirer: Acquirer, account: str, request: Request, _part: str) -> Answer:
    query = _query(request, "reference", "after", "limit")
    owner = acquirer.book.account(account)
    limit = _limit(query)
    start = owner.payout(query["after"]).position + 1 if "after" in query else 0
    known = owner.payouts_by_reference.get(query["reference"], []) if "reference" in query else owner.payouts.values()
    rows = [payout.id for payout in known if payout.position >= start]
    views = [payout_view(acquirer.due_payout(owner, account, payout_id)) for payout_id in rows[:limit]]
    return Answer(200, encode({"payouts": views, "has_more": len(rows) > limit}))


def _read_payout(acquirer: Acquirer, account: str, _request: Request, payout_id: str) -> Answer:
    owner = acquirer.book.account(account)
    return Answer(200, encode(payout_view(acquirer.due_payout(owner, account, payout_id))))


def _tokens(_acquirer: Acquirer, _account: str, _request: Request, _name: str) -> Answer:
    return Answer(200, encode({"tokens": [token_view(token) for token in TOKENS.values()]}))


def _token(_acquirer: Acquirer, _account: str, _request: Request, name: str) -> Answer:
    if name not in TOKENS:
        raise Refused(404, "not_found", f"There is no token {name!r}")
    return Answer(200, encode(token_view(TOKENS[name])))


def _limit(query: Mapping[str, str]) -> int:
    limit = query.get("limit", "100")
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= MAX_PAGE:
        raise Refused(400, "invalid_field", f"limit must be from 1 to {MAX_PAGE}")
    return int(limit)


def _query(request: Request, *names: str) -> dict[str, str]:
    for name in request.query.keys() - set(names):
        raise Refused(400, "invalid_field", f"{name} is no parameter here")
    return dict(request.query)


# (first two parts, number of parts, last part) -> method -> handler.
_ROUTES: dict[tuple[str, str, int, str], dict[str, Handler]] = {
    ("v1", "charges", 3, ""): {"GET": _charges, "POST": _create},
    ("v1", "charges", 4, ""): {"GET": _read},
    ("v1", "charges", 5, "capture"): {"POST": _capture},
    ("v1", "charges", 5, "void"): {"POST": _void},
    ("v1", "charges", 5, "refund"): {"POST": _refund},
    ("v1", "charges", 5, "authenticate"): {"POST": _authenticate},
    ("v1", "refunds", 3, ""): {"GET": _refunds},
    ("v1", "payouts", 3, ""): {"GET": _payouts, "POST": _pay_out},
    ("v1", "payouts", 4, ""): {"GET": _read_payout},
    ("v1", "tokens", 3, ""): {"GET": _tokens},
    ("v1", "tokens", 4, ""): {"GET": _token},
}
