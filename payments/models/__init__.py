from payments.models.attempt import Attempt, Capture
from payments.models.decisions import RiskDecision, RiskListEntry, RiskPolicy, RouteDecision
from payments.models.demo import DemoWorld
from payments.models.method import PaymentMethod, ProviderAccount
from payments.models.payment import History, Payment
from payments.models.payout import Payout
from payments.models.refund import Refund
from payments.models.top_up import TopUp

__all__ = [
    "Attempt",
    "Capture",
    "DemoWorld",
    "History",
    "Payment",
    "PaymentMethod",
    "Payout",
    "ProviderAccount",
    "Refund",
    "RiskDecision",
    "RiskListEntry",
    "RiskPolicy",
    "RouteDecision",
    "TopUp",
]
