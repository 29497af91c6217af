"""What the REST door and its schema are made of."""

from typing import Any


def rest_framework() -> dict[str, Any]:
    return {
        "DEFAULT_AUTHENTICATION_CLASSES": ["rupai.accounts.authentication.BearerAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rupai.api.permissions.ScopePermission"],
        "DEFAULT_PARSER_CLASSES": ["rupai.api.parsers.StrictJSONParser"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PAGINATION_CLASS": "rupai.api.pagination.KeysetPagination",
        "DEFAULT_FILTER_BACKENDS": ["rupai.api.filters.StrictFilterBackend"],
        "DEFAULT_THROTTLE_CLASSES": ["rupai.api.throttles.ActorThrottle"],
        "DEFAULT_SCHEMA_CLASS": "rupai.api.schema.Schema",
        "DEFAULT_VERSIONING_CLASS": None,
        "DEFAULT_METADATA_CLASS": None,
        "EXCEPTION_HANDLER": "rupai.api.problems.handle",
        "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
        "TEST_REQUEST_DEFAULT_FORMAT": "json",
        "URL_FORMAT_OVERRIDE": None,
        "COERCE_DECIMAL_TO_STRING": False,
        "STRICT_JSON": True,
    }


def spectacular(*, version: str) -> dict[str, Any]:
    return {
        "TITLE": "RupAI API",
        "VERSION": version,
        "DESCRIPTION": (
            "Payments that people and AI agents share. Amounts are integers in the currency's minor unit. "
            "Send your key as `Authorization: Bearer ...`; send an `Idempotency-Key` with every POST that moves money. "
            "Errors are RFC 9457 problem documents with a stable `code` and a `hint`."
        ),
        "OAS_VERSION": "3.1.1",
        "SERVE_INCLUDE_SCHEMA": False,
        "SERVE_PUBLIC": True,
        "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
        "SERVE_AUTHENTICATION": [],
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
        "REDOC_DIST": "SIDECAR",
        "COMPONENT_SPLIT_REQUEST": True,
        "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
        # Choices that several fields share, or whose fields are called alike, are named here.
        "ENUM_NAME_OVERRIDES": {
            "PaymentStatus": "payments.serializers.STATUSES",
            "RefundStatus": "payments.serializers.REFUND_STATUSES",
            "PaymentMethodType": "payments.serializers.METHODS",
            "PaymentMethodStatus": ["active", "detached"],
            "ApiKeyStatus": ["active", "expired", "revoked"],
            "NextActionType": "payments.serializers.NEXT_ACTIONS",
            "CurrencyEnum": "rupai.core.currencies.CURRENCIES",
            "KeyScope": "rupai.accounts.scopes.KEY_CHOICES",
            "AgentScope": "rupai.accounts.scopes.AGENT_CHOICES",
            "MandateScope": "rupai.accounts.scopes.MONEY_CHOICES",
        },
        "SCHEMA_PATH_PREFIX": r"/api/v1",
        "SORT_OPERATION_PARAMETERS": False,
    }
