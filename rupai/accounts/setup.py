"""What a new merchant needs before its first payment: floors above register a step, and each new merchant gets all."""

from collections.abc import Callable

from rupai.accounts.models import Merchant

Step = Callable[[Merchant], None]
_steps: dict[str, Step] = {}


def merchant_setup(name: str) -> Callable[[Step], Step]:
    """Register a step, e.g. ``@merchant_setup("payments.sandbox")``; it runs in the transaction that opens a merchant.

    A step must be idempotent: it runs again for a merchant who is set up already.

    :raises ValueError: when the name is taken by another step.
    """

    def register(step: Step) -> Step:
        if _steps.setdefault(name, step) is not step:
            raise ValueError(f"The setup step {name} is registered twice")
        return step

    return register


def set_up(merchant: Merchant) -> list[str]:
    """Run all steps in the order of their names, and return these."""
    for name in sorted(_steps):
        _steps[name](merchant)
    return sorted(_steps)
