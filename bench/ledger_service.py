"""The whole service path of a transfer between wallets, as the REST door goes it, without HTTP and authentication."""

import random
import time
from dataclasses import replace
from typing import Any

WALLETS = 200
PLENTY = 10**12


class Senders:
    """Wallets of one merchant that have money and limits of their own, and a caller who sends between them."""

    def __init__(self) -> None:
        from wallets.services.limits import set_limits
        from wallets.tests.factories import Purse

        purse = Purse()
        self.actor = replace(purse.actor, kind="key", id="key_bench", door="rest")
        self.names: list[str] = []
        for _ in range(WALLETS):
            wallet = purse.wallet(PLENTY)
            most = {"per_transaction": PLENTY, "per_day": PLENTY, "per_month": PLENTY}
            set_limits(actor=purse.actor, wallet_id=wallet.public_id, **most)
            self.names.append(wallet.public_id)
        self.sent = 0
        self.dice = random.Random(1)

    def send(self, seconds: float) -> tuple[float, float]:
        """Send for some seconds; return transfers a second and client CPU seconds per transfer."""
        count, began, cpu = 0, time.perf_counter(), time.process_time()
        while time.perf_counter() - began < seconds:
            self._once()
            count += 1
        return count / (time.perf_counter() - began), (time.process_time() - cpu) / count

    def _once(self) -> None:
        """Claim a key, check and post with the event, and store the answer: three commits, as in a request."""
        from rest_framework.renderers import JSONRenderer

        from rupai.core import idempotency
        from wallets.serializers.wallets import WalletTransferView
        from wallets.services.transfers import transfer_funds

        self.sent += 1
        source, target = self.dice.sample(self.names, 2)
        body: dict[str, Any] = {"to_wallet_id": target, "amount": 100, "currency": "INR"}
        held = idempotency.claim(
            actor=self.actor,
            key=f"bench-{self.sent:09}",
            operation="wallets.transfer",
            arguments={"path": {"wallet_id": source}, "body": body},
        )
        assert isinstance(held, idempotency.Claim)
        made = transfer_funds(actor=self.actor, from_wallet_id=source, idempotency_id=held.id, **body)
        answer = JSONRenderer().render(WalletTransferView(made).data)
        idempotency.store(held, idempotency.Answer(201, "application/json", answer))
