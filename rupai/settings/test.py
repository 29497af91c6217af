"""Settings of the test suite, and of servers that the suite starts."""

from rupai.settings.dev import *  # noqa: F403
from rupai.settings.dev import DATABASES

TESTING = True
FAILPOINTS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
OUTBOUND_ALLOW_PRIVATE = True
# What the official conformance suite talks to: the same engine with the suite's own tools, and no caller asked.
MCP_FURTHER_DOORS = {"/mcp/conformance": "mcp_bridge.tests.conformance.suite.conformance_door"}
# Tests empty the tables between them; append-only tables allow it only where it is said out loud.
DATABASES["default"]["OPTIONS"]["options"] += " -c rupai.truncate=allowed"
