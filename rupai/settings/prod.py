"""Production: nothing has a default that an attacker could know."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from rupai.settings import env
from rupai.settings.base import *  # noqa: F403
from rupai.settings.base import BASE_URL, HTTPS, SIMPLE_JWT

_RANDOM = 'Make one with: python -c "import secrets; print(secrets.token_urlsafe(64))"'
_KEY = "Make one with: python -c \"import base64, os; print('k1:' + base64.b64encode(os.urandom(32)).decode())\""
_SEED = 'Make one with: python -c "import base64, os; print(base64.b64encode(os.urandom(32)).decode())"'

SECRET_KEY = env.required("SECRET_KEY", hint=_RANDOM)
JWT_SECRET_KEY = env.required("JWT_SECRET_KEY", hint=_RANDOM)
ENCRYPTION_KEY = env.required("ENCRYPTION_KEY", hint=_KEY)
AUDIT_SIGNING_KEY = env.required("AUDIT_SIGNING_KEY", hint=_SEED)
SIMPLE_JWT["SIGNING_KEY"] = JWT_SECRET_KEY
for _name in ("DATABASE_URL", "REDIS_URL"):
    env.required(_name, hint="Production brings its own services; see docs/operations.md.")
if not HTTPS and urlsplit(BASE_URL).hostname not in {"127.0.0.1", "localhost", "::1"}:
    raise ImproperlyConfigured("RUPAI_BASE_URL must start with https:// unless it is a loopback address.")
# The sandbox acquirer serves test mode; beside live payments someone has to ask for it.
SANDBOX_ALLOWED = env.flag("RUPAI_SANDBOX")
