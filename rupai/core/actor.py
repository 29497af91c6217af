"""Who acts: one frozen value that every service and selector takes."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from rupai.core.errors import ScopeMissing

Kind = Literal["key", "user", "agent", "platform"]


@dataclass(frozen=True, slots=True)
class Actor:
    """An authenticated caller.

    ``merchant_id`` is None only for the platform and its own staff, who see every merchant. ``door`` is the scope of
    idempotency keys: ``rest``, ``console``, ``task`` or the agent's id. ``approval`` is the id of what a second person
    agreed to, while it is being carried out.
    """

    kind: Kind
    id: str
    merchant_id: UUID | None
    livemode: bool
    scopes: frozenset[str]
    door: str = "rest"
    name: str = ""
    approval: str = ""

    @classmethod
    def platform(cls, name: str, *, merchant_id: UUID | None = None, livemode: bool = False) -> "Actor":
        """Act for the platform itself, e.g. a scheduled job; every scope is allowed."""
        return cls("platform", f"platform:{name}", merchant_id, livemode, frozenset({"*"}), "task", name)

    def may(self, scope: str) -> bool:
        return scope in self.scopes or "*" in self.scopes

    def require(self, scope: str) -> None:
        """Refuse an actor without the scope.

        :raises ScopeMissing: naming the scope.
        """
        if not self.may(scope):
            raise ScopeMissing(
                f"This needs the scope {scope}", hint=f"Use a key or role that has {scope}.", scope=scope
            )

    @property
    def merchant(self) -> UUID:
        """The merchant acted for.

        :raises ScopeMissing: when the actor acts for no merchant.
        """
        if self.merchant_id is None:
            raise ScopeMissing("This acts for one merchant", hint="Choose a merchant first.")
        return self.merchant_id
