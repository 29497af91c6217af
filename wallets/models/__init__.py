from wallets.models.fx import FxQuote, FxRate, FxTerms
from wallets.models.ledger import Account, BurntId, Counters, Entry, Hold, Transfer
from wallets.models.wallet import Wallet, WalletLimits, WalletTerms, WalletTransfer

__all__ = [
    "Account",
    "BurntId",
    "Counters",
    "Entry",
    "FxQuote",
    "FxRate",
    "FxTerms",
    "Hold",
    "Transfer",
    "Wallet",
    "WalletLimits",
    "WalletTerms",
    "WalletTransfer",
]
