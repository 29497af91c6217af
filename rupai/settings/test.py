"""Settings of the test suite, and of servers that the suite starts."""

from rupai.settings.dev import *  # noqa: F403

TESTING = True
FAILPOINTS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
OUTBOUND_ALLOW_PRIVATE = True
