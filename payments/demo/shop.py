"""A demo merchant at work: everything it does goes through the services."""

from uuid import UUID, uuid5

from payments.demo.bank import Bank
from payments.demo.lives import Payer, Story
from payments.demo.opening import accounts_of, actor_of
from payments.models import Attempt, DemoWorld, Payment, PaymentMethod, Refund, RiskListEntry
from payments.models.decisions import Verdict
from payments.services.asking import ask_about_attempt
from payments.services.cancel import cancel_payment, end_payment
from payments.services.capture import capture_payment
from payments.services.create import Wish, create_payment
from payments.services.methods import save_method
from payments.services.moves import reread
from payments.services.refund import refund_payment
from payments.services.settle import settle_refund
from payments.states import PaymentState
from rupai.accounts.models import Customer
from rupai.accounts.services.customers import create_customer
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.money import Money

NUMBER = "demo_payer"


class Shop:
    """The merchant of a demo world, before an acquirer in this process.

    Where the making was interrupted, what is asked for may have been done already; the services are told so.
    """

    def __init__(self, world: DemoWorld, bank: Bank, payers: list[Payer]) -> None:
        self._world, self._bank, self._payers = world, bank, payers
        self._actor = actor_of(world)
        self._janitor = Actor.platform("janitor", merchant_id=world.merchant_id, livemode=False)
        self._secret_keys: dict[UUID, str] = {}
        for account in accounts_of(world):
            key = account.configuration["secret_key"]
            self._secret_keys[account.pk] = key
            bank.add(key, provider=account.provider, name=account.name)
        self._customers: dict[int, str] = {}
        self._methods: dict[int, str] = {}
        self._remember()
        self._resumed = bool(self._customers)

    def made(self, total: int) -> dict[int, Payment]:
        """The payments that are there already, by their number."""
        if not self._resumed:
            return {}
        numbers = {self._key(number, "payment"): number for number in range(total)}
        rows = Payment.objects.filter(merchant_id=self._world.merchant_id, livemode=False)
        return {numbers[row.idempotency_id]: row for row in rows if row.idempotency_id in numbers}

    def create(self, number: int, story: Story) -> Payment:
        """Take a payment; its payer is made known and saves a payment method on the first visit."""
        payer = self._payers[story.payer]
        self._bank.about(self._subject(number), payer.method)
        wish = Wish(
            money=Money(story.amount, payer.market.currency),
            method=payer.method,
            customer_id=self._customer(payer),
            payment_method_token=None if story.abandoned else self._method(payer),
            capture="manual" if story.manual else "automatic",
            description=story.goods,
            order_id=f"DEMO-{number + 1:06}",
            metadata={"channel": payer.channel, "device": payer.device},
        )
        key = self._key(number, "payment")
        return create_payment(actor=self._actor, wish=wish, idempotency_id=key, resumed=self._resumed)

    def look(self, number: int, payment: Payment) -> Payment:
        """Ask what became of a payment, as the janitor does."""
        return self._ask(number, payment, payment.tries.order_by("-number").first())

    def _ask(self, number: int, payment: Payment, attempt: Attempt | None) -> Payment:
        self._bank.about(self._subject(number), payment.method)
        if attempt is not None:
            ask_about_attempt(attempt, actor=self._janitor)
        return reread(payment)

    def answer(self, number: int, payment: Payment, *, approved: bool) -> Payment:
        """Answer a challenge as the payer, then hear of it."""
        attempt = self.last_attempt(payment)
        assert attempt.provider_account_id is not None
        self._bank.answer_challenge(attempt, self._secret_keys[attempt.provider_account_id], approved=approved)
        return self._ask(number, payment, attempt)

    def capture(self, number: int, payment: Payment, *, part: int, again: int) -> Payment:
        """Take ``part`` hundredths of what is authorised; ``again`` counts the tries before."""
        self._bank.about(self._subject(number), payment.method)
        amount = None if part == 100 else max(1, payment.amount_authorized * part // 100)
        key = self._key(number, f"capture/{again}")
        made = capture_payment(
            actor=self._actor,
            payment_id=payment.public_id,
            amount=amount,
            idempotency_id=key,
            resumed=self._resumed,
        )
        return reread(made.payment)

    def cancel(self, number: int, payment: Payment) -> Payment:
        """Release what is authorised."""
        self._bank.about(self._subject(number), payment.method)
        return cancel_payment(actor=self._actor, payment_id=payment.public_id, resumed=self._resumed)

    def expire(self, number: int, payment: Payment) -> Payment:
        """End what nobody finished in time, as the janitor does."""
        current = self.look(number, payment)
        if current.expires_at is not None and current.expires_at <= clock.now():
            current = end_payment(current, PaymentState.EXPIRED, actor=self._janitor)
        return current

    def refund(self, number: int, payment: Payment, *, part: int, reason: str) -> Refund:
        """Give back ``part`` hundredths of what was captured."""
        self._bank.about(self._subject(number), payment.method)
        return refund_payment(
            actor=self._actor,
            payment_id=payment.public_id,
            amount=None if part == 100 else max(1, payment.amount_captured * part // 100),
            reason=reason,
            idempotency_id=self._key(number, "refund"),
            resumed=self._resumed,
        )

    def look_at_refund(self, number: int, refund: Refund) -> Refund:
        """Ask what became of a refund, as the janitor does."""
        self._bank.about(self._subject(number), refund.payment.method)
        return settle_refund(refund, actor=self._janitor)

    def block(self, first: int) -> None:
        """Put the payment methods of the payers from this number on the block list."""
        for number, token in list(self._methods.items()):
            if number >= first:
                RiskListEntry.objects.get_or_create(
                    merchant_id=self._world.merchant_id,
                    livemode=False,
                    kind=RiskListEntry.Kind.PAYMENT_METHOD,
                    value=token,
                    defaults={"verdict": Verdict.BLOCK, "note": "One device, many cards", "created_at": clock.now()},
                )

    def last_attempt(self, payment: Payment) -> Attempt:
        """The attempt whose outcome is open; it says when to ask next."""
        found = payment.tries.order_by("-number").first()
        assert found is not None
        return found

    def _customer(self, payer: Payer) -> str:
        found = self._customers.get(payer.number)
        if found is None:
            metadata = {NUMBER: str(payer.number)}
            made = create_customer(actor=self._actor, name=payer.name, email=payer.email, metadata=metadata)
            found = self._customers[payer.number] = made.public_id
        return found

    def _method(self, payer: Payer) -> str:
        found = self._methods.get(payer.number)
        if found is None:
            made = save_method(
                actor=self._actor,
                customer_id=self._customer(payer),
                type=payer.method,
                token=payer.token,
                provider=payer.provider,
            )
            found = self._methods[payer.number] = made.public_id
        return found

    def _remember(self) -> None:
        """Know again whom an earlier run made known."""
        owner = {"merchant_id": self._world.merchant_id, "livemode": False}
        numbers = {row.pk: int(row.metadata[NUMBER]) for row in Customer.objects.filter(**owner).only("metadata")}
        self._customers = {number: Customer(pk=key).public_id for key, number in numbers.items()}
        methods = PaymentMethod.objects.filter(**owner).values_list("customer_id", "pk")
        self._methods = {numbers[customer]: PaymentMethod(pk=key).public_id for customer, key in methods}

    def _subject(self, number: int) -> str:
        return f"{self._world.plan}/{number}"

    def _key(self, number: int, kind: str) -> UUID:
        return uuid5(self._world.merchant_id, f"{kind}/{number}")
