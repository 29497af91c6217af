"""Unified decline codes: whose fault, whether another provider or another day may help, and what to tell people."""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """Who can remove the cause."""

    CUSTOMER = "customer"
    ISSUER = "issuer"
    PROVIDER = "provider"
    MERCHANT_CONFIG = "merchant_config"
    NETWORK = "network"


class RecommendedAction(StrEnum):
    """What to do about a decline, in the words that providers' advice is translated into."""

    DO_NOT_RETRY = "do_not_retry"
    RETRY_AFTER_1_HOUR = "retry_after_1_hour"
    RETRY_AFTER_24_HOURS = "retry_after_24_hours"
    RETRY_AFTER_2_DAYS = "retry_after_2_days"
    RETRY_AFTER_4_DAYS = "retry_after_4_days"
    RETRY_AFTER_6_DAYS = "retry_after_6_days"
    RETRY_AFTER_8_DAYS = "retry_after_8_days"
    RETRY_AFTER_10_DAYS = "retry_after_10_days"
    RETRY_AFTER_INSTRUMENT_UPDATE = "retry_after_instrument_update"
    RETRY_LATER = "retry_later"
    RETRY_WITH_DIFFERENT_PAYMENT_METHOD_DATA = "retry_with_different_payment_method_data"
    STOP_RECURRING = "stop_recurring"

    @property
    def waits(self) -> bool:
        """Tell whether the same instrument may be tried again after some time."""
        return self not in _ENDS


_ENDS = frozenset(
    {
        RecommendedAction.DO_NOT_RETRY,
        RecommendedAction.STOP_RECURRING,
        RecommendedAction.RETRY_AFTER_INSTRUMENT_UPDATE,
        RecommendedAction.RETRY_WITH_DIFFERENT_PAYMENT_METHOD_DATA,
    }
)


class DeclineClass(StrEnum):
    """Declines that are treated alike."""

    HARD_CARD = "hard_card"
    CUSTOMER_ACTION = "customer_action"
    FUNDS_LIMIT = "funds_limit"
    ISSUER_SOFT = "issuer_soft"
    TECHNICAL_PRE_AUTH = "technical_pre_auth"
    TECHNICAL_UNKNOWN = "technical_unknown"
    MERCHANT_CONFIG = "merchant_config"
    FRAUD = "fraud"

    @property
    def failover_now(self) -> bool:
        """Tell whether another provider may be tried at once."""
        return self in (DeclineClass.ISSUER_SOFT, DeclineClass.TECHNICAL_PRE_AUTH, DeclineClass.MERCHANT_CONFIG)

    @property
    def retry_later(self) -> bool:
        """Tell whether dunning may try the same instrument again by itself."""
        return self in (
            DeclineClass.FUNDS_LIMIT,
            DeclineClass.ISSUER_SOFT,
            DeclineClass.TECHNICAL_PRE_AUTH,
            DeclineClass.TECHNICAL_UNKNOWN,
        )


class DeclineCode(StrEnum):
    """Every reason for which a payment, capture or refund can be declined, whatever the provider calls it."""

    ACCOUNT_CLOSED_OR_INVALID = "account_closed_or_invalid"
    AUTHENTICATION_FAILED = "authentication_failed"
    AUTHENTICATION_REQUIRED = "authentication_required"
    AUTHORIZATION_MISSING_OR_REVOKED = "authorization_missing_or_revoked"
    CARD_LOST_OR_STOLEN = "card_lost_or_stolen"
    CARD_NOT_SUPPORTED_RESTRICTED = "card_not_supported_restricted"
    CFG_PM_NOT_ENABLED_OR_MISCONFIGURED = "cfg_pm_not_enabled_or_misconfigured"
    COMPLIANCE_OR_SANCTIONS_RESTRICTION = "compliance_or_sanctions_restriction"
    CONFIGURATION_ISSUE = "configuration_issue"
    CREDIT_LIMIT_EXCEEDED = "credit_limit_exceeded"
    CURRENCY_OR_CORRIDOR_NOT_ENABLED = "currency_or_corridor_not_enabled"
    DO_NOT_HONOR = "do_not_honor"
    DOWNSTREAM_TECHNICAL_ISSUE = "downstream_technical_issue"
    DUPLICATE_REQUEST = "duplicate_request"
    GENERIC_UNKNOWN_ERROR = "generic_unknown_error"
    INCORRECT_AUTHENTICATION_CODE = "incorrect_authentication_code"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    INTEG_CRYPTOGRAPHIC_ISSUE = "integ_cryptographic_issue"
    INTEGRATION_ISSUE = "integration_issue"
    INVALID_CARD_NUMBER = "invalid_card_number"
    INVALID_CREDENTIALS = "invalid_credentials"
    INVALID_CVV = "invalid_cvv"
    INVALID_EXPIRY_DATE = "invalid_expiry_date"
    INVALID_STATE = "invalid_state"
    ISSUER_UNAVAILABLE = "issuer_unavailable"
    MERCHANT_INACTIVE = "merchant_inactive"
    MISSING_OR_INVALID_PARAM = "missing_or_invalid_param"
    OPERATION_NOT_ALLOWED = "operation_not_allowed"
    PAYMENT_CANCELLED_BY_USER = "payment_cancelled_by_user"
    PAYMENT_METHOD_ISSUE = "payment_method_issue"
    PAYMENT_SESSION_TIMEOUT = "payment_session_timeout"
    PM_ADDRESS_MISMATCH = "pm_address_mismatch"
    PSP_ACQUIRER_ERROR = "psp_acquirer_error"
    PSP_FRAUD_ENGINE_DECLINE = "psp_fraud_engine_decline"
    RATE_LIMIT = "rate_limit"
    STORED_CREDENTIAL_OR_MIT_NOT_ENABLED = "stored_credential_or_mit_not_enabled"
    SUBSCRIPTION_PLAN_INACTIVE = "subscription_plan_inactive"
    SUSPECTED_FRAUD = "suspected_fraud"
    THREE_DS_AUTHENTICATION_SERVICE_ISSUE = "three_ds_authentication_service_issue"
    THREE_DS_CONFIGURATION_ISSUE = "three_ds_configuration_issue"
    THREE_DS_DATA_OR_PROTOCOL_INVALID = "three_ds_data_or_protocol_invalid"
    TRANSACTION_NOT_PERMITTED = "transaction_not_permitted"
    TRANSACTION_TIMED_OUT = "transaction_timed_out"
    VELOCITY_LIMIT_EXCEEDED = "velocity_limit_exceeded"
    WALLET_OR_TOKEN_CONFIG_ISSUE = "wallet_or_token_config_issue"  # noqa: S105 (a reason, no secret)


@dataclass(frozen=True, slots=True)
class DeclineRule:
    """What is known about one code; `message` is for the payer, `merchant_advice` for the merchant's staff."""

    code: DeclineCode
    group: DeclineClass
    fault: Fault
    action: RecommendedAction
    message: str
    merchant_advice: str

    @property
    def failover_now(self) -> bool:
        """Tell whether another provider may be tried at once."""
        return self.group.failover_now

    @property
    def retry_later(self) -> bool:
        """Tell whether dunning may try the same instrument again by itself."""
        return self.group.retry_later

    @property
    def retryable(self) -> bool:
        """Tell whether the same instrument can still succeed, by waiting or after the payer corrects something."""
        return self.retry_later or self.group is DeclineClass.CUSTOMER_ACTION
