"""ASGI entry point: HTTP and WebSocket in one process."""

import os

# Every request runs in a thread of its own here, so connections come from a pool; without one they would leak.
os.environ.setdefault("RUPAI_DB_POOL", "20")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rupai.settings.prod")

import django

django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter  # noqa: E402

from mcp_bridge.asgi import with_mcp  # noqa: E402
from rupai.core.handler import ThreadedHandler  # noqa: E402
from rupai.core.static import with_static_files  # noqa: E402
from rupai.routing import websockets  # noqa: E402

application = ProtocolTypeRouter({"http": with_static_files(with_mcp(ThreadedHandler())), "websocket": websockets()})
