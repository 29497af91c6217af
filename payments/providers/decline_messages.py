"""What people are told about each unified decline code: a sentence for the payer, one for the merchant's staff."""

from payments.providers.taxonomy import DeclineCode

_SETUP = "This payment could not be taken. Please use another payment method."
_TRY_AGAIN = "Something went wrong on the way to the bank. Please try again in a little while."
_BANK_SAID_NO = "The bank declined the payment. Please contact the bank or use another payment method."

# Code -> (message for the payer, advice for the merchant).
WORDS: dict[DeclineCode, tuple[str, str]] = {
    DeclineCode.ACCOUNT_CLOSED_OR_INVALID: (
        "This account is closed or does not exist. Please use another payment method.",
        "Ask for another payment method; this one will never work again.",
    ),
    DeclineCode.AUTHENTICATION_FAILED: (
        "The bank could not confirm that it is you. Please try again.",
        "The payer failed or left the authentication. Let the payer start again.",
    ),
    DeclineCode.AUTHENTICATION_REQUIRED: (
        "The bank wants you to confirm this payment.",
        "Ask the payer to authenticate (3DS) at the same provider.",
    ),
    DeclineCode.AUTHORIZATION_MISSING_OR_REVOKED: (
        "The permission for this payment was withdrawn. Please set up the payment again.",
        "The payer revoked the mandate. Stop charging until a new one is given.",
    ),
    DeclineCode.CARD_LOST_OR_STOLEN: (
        _BANK_SAID_NO,
        "The card is reported lost or stolen. Never retry it, and do not tell the payer the reason.",
    ),
    DeclineCode.CARD_NOT_SUPPORTED_RESTRICTED: (
        "This card cannot be used for this payment. Please use another payment method.",
        "The issuer restricts the card. Ask for another payment method.",
    ),
    DeclineCode.CFG_PM_NOT_ENABLED_OR_MISCONFIGURED: (
        _SETUP,
        "This payment method is not enabled at the provider. Enable it in the provider's dashboard.",
    ),
    DeclineCode.COMPLIANCE_OR_SANCTIONS_RESTRICTION: (
        "This payment cannot be taken.",
        "A sanctions or compliance rule forbids it. Do not retry; involve compliance.",
    ),
    DeclineCode.CONFIGURATION_ISSUE: (
        _SETUP,
        "The provider account is set up wrongly. Check its settings.",
    ),
    DeclineCode.CREDIT_LIMIT_EXCEEDED: (
        "The amount is above the limit of this payment method. Please use another one.",
        "Try again in some days, or offer to pay in parts.",
    ),
    DeclineCode.CURRENCY_OR_CORRIDOR_NOT_ENABLED: (
        _SETUP,
        "The provider account does not take this currency or country. Enable it or route elsewhere.",
    ),
    DeclineCode.DO_NOT_HONOR: (
        _BANK_SAID_NO,
        "The issuer gives no reason. One other provider may be tried; after that, tomorrow.",
    ),
    DeclineCode.DOWNSTREAM_TECHNICAL_ISSUE: (
        _TRY_AGAIN,
        "The provider could not be reached; nothing was booked. Use another provider.",
    ),
    DeclineCode.DUPLICATE_REQUEST: (
        "This payment may have been taken already. Please wait a moment before you try again.",
        "The provider saw this request before. Ask for the first one's outcome before anything else.",
    ),
    DeclineCode.GENERIC_UNKNOWN_ERROR: (
        _TRY_AGAIN,
        "The provider gives no usable reason. Ask for the outcome before trying again.",
    ),
    DeclineCode.INCORRECT_AUTHENTICATION_CODE: (
        "The PIN or code was wrong. Please try again.",
        "Let the payer enter the PIN or code again.",
    ),
    DeclineCode.INSUFFICIENT_FUNDS: (
        "There is not enough money in the account. Please use another payment method.",
        "Try again on a likely pay day; another provider will get the same answer.",
    ),
    DeclineCode.INTEG_CRYPTOGRAPHIC_ISSUE: (
        _SETUP,
        "A signature or encryption key does not fit. Renew the keys of the provider account.",
    ),
    DeclineCode.INTEGRATION_ISSUE: (
        _SETUP,
        "The provider did not understand the request. Report it together with the payment's id.",
    ),
    DeclineCode.INVALID_CARD_NUMBER: (
        "The card number is not right. Please check it.",
        "Ask the payer to enter the card again.",
    ),
    DeclineCode.INVALID_CREDENTIALS: (
        _SETUP,
        "The provider refused the credentials. Renew them in the provider account.",
    ),
    DeclineCode.INVALID_CVV: (
        "The security code is wrong. Please check it.",
        "Let the payer enter the security code again.",
    ),
    DeclineCode.INVALID_EXPIRY_DATE: (
        "The card has expired or its date is wrong. Please check it or use another card.",
        "Wait for the payer's new card or an account updater before trying again.",
    ),
    DeclineCode.INVALID_STATE: (
        "This payment cannot be changed now.",
        "The provider's state differs from what was expected. Ask for it before trying again.",
    ),
    DeclineCode.ISSUER_UNAVAILABLE: (
        "The bank cannot be reached. Please try again in a little while.",
        "The issuer does not answer. Another route may reach it; otherwise try in an hour.",
    ),
    DeclineCode.MERCHANT_INACTIVE: (
        _SETUP,
        "The account at the provider is not active. Contact the provider.",
    ),
    DeclineCode.MISSING_OR_INVALID_PARAM: (
        _SETUP,
        "The provider wants other or more data. See the provider's message on the attempt.",
    ),
    DeclineCode.OPERATION_NOT_ALLOWED: (
        _SETUP,
        "The provider does not allow this operation, by its amount or the contract.",
    ),
    DeclineCode.PAYMENT_CANCELLED_BY_USER: (
        "You cancelled the payment.",
        "The payer cancelled. Offer to pay again; do not retry by yourself.",
    ),
    DeclineCode.PAYMENT_METHOD_ISSUE: (
        "This payment method cannot be used. Please use another one.",
        "Ask for another payment method.",
    ),
    DeclineCode.PAYMENT_SESSION_TIMEOUT: (
        "The payment was not finished in time. Please start again.",
        "The payer did not finish in time. Offer to pay again.",
    ),
    DeclineCode.PM_ADDRESS_MISMATCH: (
        "The address does not match the one the bank has. Please check it.",
        "Let the payer correct the billing address.",
    ),
    DeclineCode.PSP_ACQUIRER_ERROR: (
        _TRY_AGAIN,
        "The provider failed before the bank was asked. Use another provider.",
    ),
    DeclineCode.PSP_FRAUD_ENGINE_DECLINE: (
        _BANK_SAID_NO,
        "The provider's fraud engine blocked it. Look at the payment before allowing another.",
    ),
    DeclineCode.RATE_LIMIT: (
        _TRY_AGAIN,
        "The provider takes no more requests now. Use another provider or slow down.",
    ),
    DeclineCode.STORED_CREDENTIAL_OR_MIT_NOT_ENABLED: (
        _SETUP,
        "Charging saved methods without the payer is not enabled at the provider.",
    ),
    DeclineCode.SUBSCRIPTION_PLAN_INACTIVE: (
        _SETUP,
        "The recurring plan is not active at the provider. Activate it or stop charging.",
    ),
    DeclineCode.SUSPECTED_FRAUD: (
        _BANK_SAID_NO,
        "The issuer suspects fraud. Never retry it, and do not tell the payer the reason.",
    ),
    DeclineCode.THREE_DS_AUTHENTICATION_SERVICE_ISSUE: (
        "The confirmation service cannot be reached. Please try again in a little while.",
        "The 3DS service is down. Use another provider or try in an hour.",
    ),
    DeclineCode.THREE_DS_CONFIGURATION_ISSUE: (
        _SETUP,
        "3DS is not set up for this account. Complete it in the provider's dashboard.",
    ),
    DeclineCode.THREE_DS_DATA_OR_PROTOCOL_INVALID: (
        _TRY_AGAIN,
        "The 3DS messages do not fit. Use another provider and report it to this one.",
    ),
    DeclineCode.TRANSACTION_NOT_PERMITTED: (
        "The bank does not allow this kind of payment. Please use another payment method.",
        "The issuer forbids it for this instrument. Ask for another payment method.",
    ),
    DeclineCode.TRANSACTION_TIMED_OUT: (
        "The bank answered too late. Please wait a moment before you try again.",
        "The outcome is uncertain. Ask for it before trying again.",
    ),
    DeclineCode.VELOCITY_LIMIT_EXCEEDED: (
        "This payment method was used too often today. Please try tomorrow or use another one.",
        "The payer's number of transactions is used up. Try again tomorrow.",
    ),
    DeclineCode.WALLET_OR_TOKEN_CONFIG_ISSUE: (
        _SETUP,
        "Wallets or network tokens are not set up for this account.",
    ),
}
