"""Settings that hold everywhere; dev, test and prod add what differs."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext

from rupai.core import logs
from rupai.settings import env
from rupai.settings.database import database
from rupai.settings.rest import rest_framework, spectacular

django_stubs_ext.monkeypatch()

BASE_DIR = env.PROJECT
DATA_DIR = env.data_dir()
VERSION = "0.1.0"
DEBUG = False
TESTING = False
# Crash points kill the process; only the test settings may switch them on.
FAILPOINTS = False

PORT = env.integer("RUPAI_PORT", 8000)
BASE_URL = env.text("RUPAI_BASE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
HTTPS = BASE_URL.startswith("https://")
ALLOWED_HOSTS = env.listing("ALLOWED_HOSTS", f"{urlsplit(BASE_URL).hostname},127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = [BASE_URL] if HTTPS else []

INSTALLED_APPS = [
    "daphne",
    "rupai.apps.RupaiAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_prometheus",
    "django_otp",
    "channels",
    "csp",
    "rupai.core",
    "rupai.accounts",
    "rupai.api",
    "rupai.pages",
    "rupai.approvals",
    "rupai.notifications",
    "rupai.ml",
    "compliance",
    "wallets",
    "payments",
    "subscriptions",
    "analytics",
    "monitoring",
    "mcp_bridge",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "rupai.core.logs.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "rupai.pages.preferences.PersonalTime",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "rupai.urls"
WSGI_APPLICATION = "rupai.wsgi.application"
ASGI_APPLICATION = "rupai.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# One database; requests are not wrapped in a transaction because a provider is called between two of them.
DATABASES = {
    "default": database(
        env.text("DATABASE_URL", "postgresql:///rupai"),
        pool=env.integer("RUPAI_DB_POOL", 0),
        statement_timeout=env.text("RUPAI_STATEMENT_TIMEOUT", "15s"),
    )
}
# Requests that one ASGI process works on at once; each holds at most one pooled connection.
WEB_THREADS = env.integer("RUPAI_WEB_THREADS", 16)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", REDIS_URL)
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "rupai",
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
    }
}
CHANNEL_LAYERS: dict[str, Any] = {
    "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
}

# Sealed fields, blind indexes and the audit chain; see rupai.core.crypto for the formats.
SECRET_KEY: str = env.text("SECRET_KEY")
JWT_SECRET_KEY: str = env.text("JWT_SECRET_KEY")
ENCRYPTION_KEY: str = env.text("ENCRYPTION_KEY")
AUDIT_SIGNING_KEY: str = env.text("AUDIT_SIGNING_KEY")
METRICS_TOKEN: str = env.text("METRICS_TOKEN")
SANDBOX_URL: str = env.text("RUPAI_SANDBOX_URL")
# A provider call is bounded by both together; the lease of an idempotency key is longer.
PROVIDER_CONNECT_SECONDS = env.seconds("RUPAI_PROVIDER_CONNECT_SECONDS", 2.0)
PROVIDER_READ_SECONDS = env.seconds("RUPAI_PROVIDER_READ_SECONDS", 8.0)
# Webhooks may reach private addresses only where this is switched on (development against a local receiver).
OUTBOUND_ALLOW_PRIVATE = False

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["rupai.accounts.backends.EmailBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
STAFF_SECOND_FACTOR_REQUIRED = env.flag("STAFF_SECOND_FACTOR_REQUIRED")
OTP_TOTP_ISSUER = "RupAI"

SESSION_COOKIE_AGE = 15 * 60
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health$", r"^ready$", r"^metrics$"]
# Set by the operator only behind a proxy that strips the header from clients.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("RUPAI_BEHIND_PROXY") else None
TRUSTED_PROXIES = env.integer("RUPAI_TRUSTED_PROXIES", 1 if env.flag("RUPAI_BEHIND_PROXY") else 0)

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
# How stock pages write dates; see rupai/pages/written/en/formats.py.
FORMAT_MODULE_PATH = ["rupai.pages.written"]
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static_collected"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "SIGNING_KEY": JWT_SECRET_KEY,
    "ALGORITHM": "HS256",
    "ISSUER": "rupai",
    "AUDIENCE": "rupai-rest",
    "USER_ID_CLAIM": "sub",
    "USER_AUTHENTICATION_RULE": "rupai.accounts.backends.may_sign_in",
}
# Requests a minute of one key or user.
REQUESTS_PER_MINUTE = env.integer("RUPAI_REQUESTS_PER_MINUTE", 12_000)
# Calls a minute of one tool by one agent, by what the tool can do.
MCP_CALLS_PER_MINUTE = {
    "read": env.integer("RUPAI_MCP_READS_PER_MINUTE", 600),
    "write": env.integer("RUPAI_MCP_WRITES_PER_MINUTE", 120),
    "report": env.integer("RUPAI_MCP_REPORTS_PER_MINUTE", 30),
    "money": env.integer("RUPAI_MCP_PAYMENTS_PER_MINUTE", 120),
}
# Further MCP servers beside /mcp: the path, and what makes the door.
MCP_FURTHER_DOORS: dict[str, str] = {}
# What is taken for exchanging where a merchant has not set it, in hundredths of a per cent; and how long a quote holds.
FX_SPREAD_BPS = env.integer("RUPAI_FX_SPREAD_BPS", 50)
FX_QUOTE_SECONDS = env.integer("RUPAI_FX_QUOTE_SECONDS", 60)
REST_FRAMEWORK = rest_framework()
SPECTACULAR_SETTINGS = spectacular(version=VERSION)
LOGGING = logs.configuration(level=env.text("LOG_LEVEL", "INFO"))
LOGGING_CONFIG = "logging.config.dictConfig"
