"""Development and the one-command start on one machine: missing secrets are replaced by fixed, worthless ones."""

import base64

from rupai.settings import env
from rupai.settings.base import *  # noqa: F403
from rupai.settings.base import SIMPLE_JWT

SECRET_KEY = env.text("SECRET_KEY", "development-only-secret-key-which-is-worth-nothing-0123456789")
JWT_SECRET_KEY = env.text("JWT_SECRET_KEY", "development-only-jwt-key-which-is-worth-nothing-0123456789")
ENCRYPTION_KEY = env.text("ENCRYPTION_KEY", "dev:" + base64.b64encode(b"development-only-32-byte-key-000").decode())
AUDIT_SIGNING_KEY = env.text("AUDIT_SIGNING_KEY", base64.b64encode(b"development-only-32-byte-key-001").decode())
SIMPLE_JWT["SIGNING_KEY"] = JWT_SECRET_KEY
OUTBOUND_ALLOW_PRIVATE = env.flag("RUPAI_OUTBOUND_ALLOW_PRIVATE", default=True)
