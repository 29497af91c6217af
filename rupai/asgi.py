"""ASGI entry point: HTTP and WebSocket in one process."""

import os

# Every request runs in its own thread here, so connections come from a pool; without one they would leak.
os.environ.setdefault("RUPAI_DB_POOL", "20")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rupai.settings.prod")

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402

from rupai.routing import websockets  # noqa: E402

application = ProtocolTypeRouter({"http": http, "websocket": websockets()})
