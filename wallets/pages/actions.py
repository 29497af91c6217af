"""The buttons of a wallet's page; apps above add theirs."""

from collections.abc import Callable
from dataclasses import dataclass

from rupai.core.actor import Actor
from wallets.models import Wallet


@dataclass(frozen=True, slots=True)
class Action:
    """A button of the page."""

    title: str
    icon: str
    url: str
    kind: str = ""


Maker = Callable[[Wallet, Actor], Action | None]
_makers: dict[str, Maker] = {}


def wallet_action(*, order: int) -> Callable[[Maker], Maker]:
    """Register a button for wallets' pages; its maker answers None where this person cannot do it now."""

    def register(maker: Maker) -> Maker:
        _makers[f"{order:03d} {maker.__module__}.{maker.__qualname__}"] = maker
        return maker

    return register


def further_actions(wallet: Wallet, actor: Actor) -> list[Action]:
    """The buttons that other apps offer for a wallet, in their order."""
    made = (maker(wallet, actor) for _, maker in sorted(_makers.items()))
    return [each for each in made if each is not None]
