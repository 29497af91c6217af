"""Making a demo merchant's past: its stories in the order of time, under a clock that is moved along."""

import heapq
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

from payments.demo import merchants, stories
from payments.demo.bank import Bank
from payments.demo.lives import Story
from payments.demo.shop import Shop
from payments.models import DemoWorld, Payment, Refund
from payments.services.authorization import ASK_FIRST_AFTER, AUTHORIZATION_LIVES
from payments.states import PaymentState, TransferState
from rupai.core import clock
from rupai.core.errors import DomainError

Step = Callable[[], None]
# A challenge that nobody answers has expired at the acquirer by then.
LEFT_AFTER = timedelta(minutes=16)
# A merchant whose captures fail lets the authorisation go.
MOST_CAPTURES = 2


class Runner:
    """Tells a world's stories through its shop; ``progress`` hears how many payments are there."""

    def __init__(self, world: DemoWorld, bank: Bank, *, progress: Callable[[int], None]) -> None:
        plan = merchants.named(world.plan)
        self._past = stories.tell(plan, payments=world.payments, days=world.days, until=world.until, seed=world.seed)
        self._shop = Shop(world, bank, self._past.payers)
        self._until = world.until
        self._there = self._shop.made(world.payments)
        self._progress = progress
        self._steps: list[tuple[datetime, int, Step]] = []
        self._order = count()
        self._captures: Counter[int] = Counter()
        # What a service refused, as it would have refused it to a merchant.
        self.refused: list[str] = []

    def run(self) -> None:
        """Make everything up to the end of the past; what is there already is not made again."""
        if self._past.ring is not None:
            first = len(self._past.payers) - self._past.ring.members
            self._at(self._past.ring.noticed_at, lambda: self._shop.block(first))
        for number, story in enumerate(self._past.stories):
            self._steps_until(story.at)
            with clock.at(story.at):
                payment = self._there.pop(number, None) or self._shop.create(number, story)
                self._go_on(number, payment)
            self._progress(number + 1)
        self._steps_until(self._until)

    def _at(self, moment: datetime, step: Step) -> None:
        if moment < self._until:
            heapq.heappush(self._steps, (moment, next(self._order), step))

    def _steps_until(self, moment: datetime) -> None:
        while self._steps and self._steps[0][0] < moment:
            at, _, step = heapq.heappop(self._steps)
            with clock.at(at):
                try:
                    step()
                except DomainError as refusal:
                    self.refused.append(f"{at:%Y-%m-%d %H:%M} {refusal.message}")

    def _go_on(self, number: int, payment: Payment) -> None:
        """Plan what follows from the state a payment is in now."""
        story = self._past.stories[number]
        status = payment.status
        if status == PaymentState.REQUIRES_ACTION:
            self._challenged(number, story, payment)
        elif status == PaymentState.PROCESSING:
            self._wait(number, payment)
        elif status == PaymentState.REQUIRES_PAYMENT_METHOD:
            self._expire(number, payment)
        elif status == PaymentState.AUTHORIZED:
            self._held(number, story, payment)
        elif status in (PaymentState.CAPTURED, PaymentState.PARTIALLY_CAPTURED) and story.life.refunded:
            self._at(clock.now() + story.life.refunded_after, lambda: self._refund(number, story, payment))

    def _wait(self, number: int, payment: Payment) -> None:
        attempt = self._shop.last_attempt(payment)
        given_up = attempt.next_sync_at is None and attempt.syncs > 0
        if not given_up:
            asked = attempt.next_sync_at or clock.now() + ASK_FIRST_AFTER
            self._at(asked, lambda: self._go_on(number, self._shop.look(number, payment)))

    def _challenged(self, number: int, story: Story, payment: Payment) -> None:
        answer, now = story.life.answer, clock.now()
        if answer == "leave" or now > payment.created_at + story.life.answered_after:
            self._at(now + LEFT_AFTER, lambda: self._go_on(number, self._shop.look(number, payment)))
            return
        approved = answer == "approve"
        self._at(
            now + story.life.answered_after,
            lambda: self._go_on(number, self._shop.answer(number, payment, approved=approved)),
        )

    def _held(self, number: int, story: Story, payment: Payment) -> None:
        life = story.life
        # An authorisation that nobody asked to hold back was held back by the risk rules.
        wanted, pause = (life.held, life.held_for) if story.manual else (life.reviewed, life.reviewed_after)
        if wanted == "lapse":
            self._expire(number, payment)
        elif wanted == "cancel" or self._captures[number] >= MOST_CAPTURES:
            self._at(clock.now() + pause, lambda: self._go_on(number, self._shop.cancel(number, payment)))
        else:
            self._at(
                clock.now() + pause, lambda: self._capture(number, payment, life.part if wanted == "part" else 100)
            )

    def _capture(self, number: int, payment: Payment, part: int) -> None:
        again = self._captures[number]
        self._captures[number] += 1
        self._go_on(number, self._shop.capture(number, payment, part=part, again=again))

    def _expire(self, number: int, payment: Payment) -> None:
        moment = payment.expires_at or clock.now() + AUTHORIZATION_LIVES
        self._at(moment + timedelta(seconds=9), lambda: self._go_on(number, self._shop.expire(number, payment)))

    def _refund(self, number: int, story: Story, payment: Payment) -> None:
        refund = self._shop.refund(number, payment, part=story.life.refunded, reason=story.life.reason)
        self._follow(number, refund, timedelta(minutes=6))

    def _follow(self, number: int, refund: Refund, pause: timedelta) -> None:
        if refund.state == TransferState.PENDING:
            self._at(
                clock.now() + pause,
                lambda: self._follow(number, self._shop.look_at_refund(number, refund), timedelta(hours=1)),
            )
