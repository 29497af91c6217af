"""How the sandbox acquirer's words translate into the unified taxonomy."""

from payments.providers.taxonomy import DeclineCode, RecommendedAction

# Reason of a declined charge, capture, refund or payout.
DECLINES: dict[str, DeclineCode] = {
    "stolen_card": DeclineCode.CARD_LOST_OR_STOLEN,
    "lost_card": DeclineCode.CARD_LOST_OR_STOLEN,
    "invalid_number": DeclineCode.INVALID_CARD_NUMBER,
    "closed_account": DeclineCode.ACCOUNT_CLOSED_OR_INVALID,
    "expired_card": DeclineCode.INVALID_EXPIRY_DATE,
    "incorrect_cvc": DeclineCode.INVALID_CVV,
    "restricted_card": DeclineCode.CARD_NOT_SUPPORTED_RESTRICTED,
    "transaction_not_permitted": DeclineCode.TRANSACTION_NOT_PERMITTED,
    "revoked_authorization": DeclineCode.AUTHORIZATION_MISSING_OR_REVOKED,
    "suspected_fraud": DeclineCode.SUSPECTED_FRAUD,
    "blocked_by_acquirer": DeclineCode.PSP_FRAUD_ENGINE_DECLINE,
    "sanctioned_party": DeclineCode.COMPLIANCE_OR_SANCTIONS_RESTRICTION,
    "insufficient_funds": DeclineCode.INSUFFICIENT_FUNDS,
    "amount_limit_exceeded": DeclineCode.CREDIT_LIMIT_EXCEEDED,
    "frequency_limit_exceeded": DeclineCode.VELOCITY_LIMIT_EXCEEDED,
    "do_not_honor": DeclineCode.DO_NOT_HONOR,
    "do_not_retry": DeclineCode.DO_NOT_HONOR,
    "issuer_unavailable": DeclineCode.ISSUER_UNAVAILABLE,
    "acquirer_error": DeclineCode.PSP_ACQUIRER_ERROR,
    "authentication_required": DeclineCode.AUTHENTICATION_REQUIRED,
    "authentication_failed": DeclineCode.AUTHENTICATION_FAILED,
    "authentication_unavailable": DeclineCode.THREE_DS_AUTHENTICATION_SERVICE_ISSUE,
    "session_expired": DeclineCode.PAYMENT_SESSION_TIMEOUT,
    "payer_cancelled": DeclineCode.PAYMENT_CANCELLED_BY_USER,
    "wrong_pin": DeclineCode.INCORRECT_AUTHENTICATION_CODE,
    "unknown_payer_address": DeclineCode.ACCOUNT_CLOSED_OR_INVALID,
    "merchant_inactive": DeclineCode.MERCHANT_INACTIVE,
    "method_not_enabled": DeclineCode.CFG_PM_NOT_ENABLED_OR_MISCONFIGURED,
    "currency_not_enabled": DeclineCode.CURRENCY_OR_CORRIDOR_NOT_ENABLED,
    "unknown_token": DeclineCode.PAYMENT_METHOD_ISSUE,
    "capture_refused": DeclineCode.OPERATION_NOT_ALLOWED,
    "refund_refused": DeclineCode.OPERATION_NOT_ALLOWED,
    "payee_account_closed": DeclineCode.ACCOUNT_CLOSED_OR_INVALID,
    "payee_account_unknown": DeclineCode.ACCOUNT_CLOSED_OR_INVALID,
    "payout_refused": DeclineCode.OPERATION_NOT_ALLOWED,
}

# Code of a refused request: the acquirer rejected it before booking anything. A code that is not here is no proof.
REFUSALS: dict[str, DeclineCode] = {
    "invalid_key": DeclineCode.INVALID_CREDENTIALS,
    "invalid_field": DeclineCode.MISSING_OR_INVALID_PARAM,
    "invalid_json": DeclineCode.MISSING_OR_INVALID_PARAM,
    "idempotency_key_missing": DeclineCode.MISSING_OR_INVALID_PARAM,
    "body_too_large": DeclineCode.MISSING_OR_INVALID_PARAM,
    "not_found": DeclineCode.INVALID_STATE,
    "invalid_amount": DeclineCode.MISSING_OR_INVALID_PARAM,
    "wrong_state": DeclineCode.INVALID_STATE,
    "already_captured": DeclineCode.INVALID_STATE,
    "amount_exceeds_authorized": DeclineCode.OPERATION_NOT_ALLOWED,
    "amount_exceeds_captured": DeclineCode.OPERATION_NOT_ALLOWED,
}

ADVICE: dict[str, RecommendedAction] = {
    "try_again_later": RecommendedAction.RETRY_LATER,
    "do_not_try_again": RecommendedAction.DO_NOT_RETRY,
    "confirm_details": RecommendedAction.RETRY_WITH_DIFFERENT_PAYMENT_METHOD_DATA,
    "stop_recurring": RecommendedAction.STOP_RECURRING,
}
