"""Settings of the test suite, and of servers that the suite starts."""

from rupai.settings.dev import *  # noqa: F403
from rupai.settings.dev import DATABASES

TESTING = True
FAILPOINTS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
OUTBOUND_ALLOW_PRIVATE = True
# Tests empty the tables between them; append-only tables allow it only where it is said out loud.
DATABASES["default"]["OPTIONS"]["options"] += " -c rupai.truncate=allowed"
