"""The reasons for which the sandbox acquirer declines, in its own words as an acquirer would give them."""

from dataclasses import dataclass
from enum import StrEnum


class Advice(StrEnum):
    """What the acquirer tells the merchant to do after a decline."""

    NONE = ""
    TRY_LATER = "try_again_later"
    DO_NOT_TRY = "do_not_try_again"
    CONFIRM_DETAILS = "confirm_details"
    STOP_RECURRING = "stop_recurring"


@dataclass(frozen=True, slots=True)
class Decline:
    """One reason: the network's code (ISO 8583 field 39 or the UPI response code), a sentence, and advice."""

    network_code: str
    message: str
    advice: Advice = Advice.NONE


DECLINES: dict[str, Decline] = {
    "stolen_card": Decline("43", "The card was reported stolen.", Advice.DO_NOT_TRY),
    "lost_card": Decline("41", "The card was reported lost.", Advice.DO_NOT_TRY),
    "invalid_number": Decline("14", "The issuer has no such card number.", Advice.CONFIRM_DETAILS),
    "closed_account": Decline("46", "The account behind the card is closed.", Advice.DO_NOT_TRY),
    "expired_card": Decline("54", "The card has expired.", Advice.CONFIRM_DETAILS),
    "incorrect_cvc": Decline("N7", "The security code is wrong.", Advice.CONFIRM_DETAILS),
    "restricted_card": Decline("62", "The card may not be used here."),
    "transaction_not_permitted": Decline("57", "The issuer does not permit this kind of transaction."),
    "revoked_authorization": Decline("R1", "The cardholder revoked the authorisation.", Advice.STOP_RECURRING),
    "suspected_fraud": Decline("59", "The issuer suspects fraud.", Advice.DO_NOT_TRY),
    "blocked_by_acquirer": Decline("A1", "The acquirer's fraud engine blocked the charge."),
    "sanctioned_party": Decline("A2", "A sanctions rule forbids the charge."),
    "insufficient_funds": Decline("51", "The account has not enough funds.", Advice.TRY_LATER),
    "amount_limit_exceeded": Decline("61", "The amount is above the payer's limit.", Advice.TRY_LATER),
    "frequency_limit_exceeded": Decline("65", "The payer has used up the number of transactions.", Advice.TRY_LATER),
    "do_not_honor": Decline("05", "The issuer declined without giving a reason."),
    "do_not_retry": Decline("05", "The issuer declined and forbids another try.", Advice.DO_NOT_TRY),
    "issuer_unavailable": Decline("91", "The issuer does not answer.", Advice.TRY_LATER),
    "acquirer_error": Decline("96", "The acquirer could not process the charge; nothing was booked."),
    "authentication_required": Decline("1A", "The issuer asks for the payer's authentication."),
    "authentication_failed": Decline("3F", "The payer was not authenticated."),
    "authentication_unavailable": Decline("3U", "The authentication service does not answer.", Advice.TRY_LATER),
    "session_expired": Decline("U69", "The payer did not finish in time."),
    "payer_cancelled": Decline("ZA", "The payer declined the request."),
    "wrong_pin": Decline("ZM", "The payer entered a wrong PIN."),
    "unknown_payer_address": Decline("ZH", "The payer's UPI address does not exist.", Advice.CONFIRM_DETAILS),
    "merchant_inactive": Decline("03", "The merchant account is not active."),
    "method_not_enabled": Decline("A3", "The merchant account may not take this method."),
    "currency_not_enabled": Decline("A4", "The merchant account may not take this currency."),
    "unknown_token": Decline("A5", "The token names no instrument of this acquirer.", Advice.CONFIRM_DETAILS),
    "capture_refused": Decline("A6", "The issuer refused the capture."),
    "refund_refused": Decline("A7", "The issuer refused the refund."),
    "payee_account_closed": Decline("B1", "The payee's bank account is closed.", Advice.DO_NOT_TRY),
    "payee_account_unknown": Decline("B2", "The payee's bank has no such account.", Advice.CONFIRM_DETAILS),
    "payout_refused": Decline("B3", "The payee's bank refused the payout."),
}
