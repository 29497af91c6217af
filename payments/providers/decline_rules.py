"""The rule of each unified decline code: how it is treated, whose fault it is, what to do."""

from payments.providers.decline_messages import WORDS
from payments.providers.taxonomy import DeclineClass, DeclineCode, DeclineRule, Fault, RecommendedAction

_NEVER = RecommendedAction.DO_NOT_RETRY
_OTHER_DATA = RecommendedAction.RETRY_WITH_DIFFERENT_PAYMENT_METHOD_DATA
_UPDATE = RecommendedAction.RETRY_AFTER_INSTRUMENT_UPDATE
_STOP = RecommendedAction.STOP_RECURRING
_LATER = RecommendedAction.RETRY_LATER
_HOUR = RecommendedAction.RETRY_AFTER_1_HOUR
_DAY = RecommendedAction.RETRY_AFTER_24_HOURS
_TWO_DAYS = RecommendedAction.RETRY_AFTER_2_DAYS
_FOUR_DAYS = RecommendedAction.RETRY_AFTER_4_DAYS

_FACTS: dict[DeclineClass, tuple[tuple[DeclineCode, Fault, RecommendedAction], ...]] = {
    DeclineClass.HARD_CARD: (
        (DeclineCode.ACCOUNT_CLOSED_OR_INVALID, Fault.CUSTOMER, _OTHER_DATA),
        (DeclineCode.AUTHORIZATION_MISSING_OR_REVOKED, Fault.CUSTOMER, _STOP),
        (DeclineCode.CARD_LOST_OR_STOLEN, Fault.CUSTOMER, _NEVER),
        (DeclineCode.CARD_NOT_SUPPORTED_RESTRICTED, Fault.ISSUER, _OTHER_DATA),
        (DeclineCode.INVALID_CARD_NUMBER, Fault.CUSTOMER, _OTHER_DATA),
        (DeclineCode.INVALID_EXPIRY_DATE, Fault.CUSTOMER, _UPDATE),
        (DeclineCode.PAYMENT_METHOD_ISSUE, Fault.CUSTOMER, _OTHER_DATA),
        (DeclineCode.TRANSACTION_NOT_PERMITTED, Fault.ISSUER, _OTHER_DATA),
    ),
    DeclineClass.CUSTOMER_ACTION: (
        (DeclineCode.AUTHENTICATION_FAILED, Fault.CUSTOMER, _OTHER_DATA),
        (DeclineCode.AUTHENTICATION_REQUIRED, Fault.ISSUER, _OTHER_DATA),
        (DeclineCode.INCORRECT_AUTHENTICATION_CODE, Fault.CUSTOMER, _OTHER_DATA),
        (DeclineCode.INVALID_CVV, Fault.CUSTOMER, _OTHER_DATA),
        (DeclineCode.PAYMENT_CANCELLED_BY_USER, Fault.CUSTOMER, _OTHER_DATA),
        (DeclineCode.PAYMENT_SESSION_TIMEOUT, Fault.CUSTOMER, _OTHER_DATA),
        (DeclineCode.PM_ADDRESS_MISMATCH, Fault.CUSTOMER, _OTHER_DATA),
    ),
    DeclineClass.FUNDS_LIMIT: (
        (DeclineCode.CREDIT_LIMIT_EXCEEDED, Fault.CUSTOMER, _FOUR_DAYS),
        (DeclineCode.INSUFFICIENT_FUNDS, Fault.CUSTOMER, _TWO_DAYS),
        (DeclineCode.VELOCITY_LIMIT_EXCEEDED, Fault.CUSTOMER, _DAY),
    ),
    DeclineClass.ISSUER_SOFT: (
        (DeclineCode.DO_NOT_HONOR, Fault.ISSUER, _DAY),
        (DeclineCode.ISSUER_UNAVAILABLE, Fault.ISSUER, _HOUR),
    ),
    DeclineClass.TECHNICAL_PRE_AUTH: (
        (DeclineCode.DOWNSTREAM_TECHNICAL_ISSUE, Fault.NETWORK, _HOUR),
        (DeclineCode.PSP_ACQUIRER_ERROR, Fault.PROVIDER, _HOUR),
        (DeclineCode.RATE_LIMIT, Fault.PROVIDER, _LATER),
        (DeclineCode.THREE_DS_AUTHENTICATION_SERVICE_ISSUE, Fault.NETWORK, _HOUR),
        (DeclineCode.THREE_DS_DATA_OR_PROTOCOL_INVALID, Fault.PROVIDER, _DAY),
    ),
    DeclineClass.TECHNICAL_UNKNOWN: (
        (DeclineCode.DUPLICATE_REQUEST, Fault.PROVIDER, _LATER),
        (DeclineCode.GENERIC_UNKNOWN_ERROR, Fault.PROVIDER, _LATER),
        (DeclineCode.INVALID_STATE, Fault.PROVIDER, _LATER),
        (DeclineCode.TRANSACTION_TIMED_OUT, Fault.NETWORK, _HOUR),
    ),
    DeclineClass.MERCHANT_CONFIG: (
        (DeclineCode.CFG_PM_NOT_ENABLED_OR_MISCONFIGURED, Fault.MERCHANT_CONFIG, _NEVER),
        (DeclineCode.CONFIGURATION_ISSUE, Fault.MERCHANT_CONFIG, _NEVER),
        (DeclineCode.CURRENCY_OR_CORRIDOR_NOT_ENABLED, Fault.MERCHANT_CONFIG, _NEVER),
        (DeclineCode.INTEG_CRYPTOGRAPHIC_ISSUE, Fault.MERCHANT_CONFIG, _NEVER),
        (DeclineCode.INTEGRATION_ISSUE, Fault.PROVIDER, _NEVER),
        (DeclineCode.INVALID_CREDENTIALS, Fault.MERCHANT_CONFIG, _NEVER),
        (DeclineCode.MERCHANT_INACTIVE, Fault.MERCHANT_CONFIG, _NEVER),
        (DeclineCode.MISSING_OR_INVALID_PARAM, Fault.MERCHANT_CONFIG, _NEVER),
        (DeclineCode.OPERATION_NOT_ALLOWED, Fault.MERCHANT_CONFIG, _NEVER),
        (DeclineCode.STORED_CREDENTIAL_OR_MIT_NOT_ENABLED, Fault.MERCHANT_CONFIG, _NEVER),
        (DeclineCode.SUBSCRIPTION_PLAN_INACTIVE, Fault.MERCHANT_CONFIG, _STOP),
        (DeclineCode.THREE_DS_CONFIGURATION_ISSUE, Fault.MERCHANT_CONFIG, _NEVER),
        (DeclineCode.WALLET_OR_TOKEN_CONFIG_ISSUE, Fault.MERCHANT_CONFIG, _NEVER),
    ),
    DeclineClass.FRAUD: (
        (DeclineCode.COMPLIANCE_OR_SANCTIONS_RESTRICTION, Fault.CUSTOMER, _NEVER),
        (DeclineCode.PSP_FRAUD_ENGINE_DECLINE, Fault.PROVIDER, _NEVER),
        (DeclineCode.SUSPECTED_FRAUD, Fault.ISSUER, _NEVER),
    ),
}

RULES: dict[DeclineCode, DeclineRule] = {
    code: DeclineRule(code, group, fault, action, *WORDS[code])
    for group, rows in _FACTS.items()
    for code, fault, action in rows
}
