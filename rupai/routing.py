"""Where WebSockets go; an unknown path is refused, never left hanging."""

from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path, re_path

from monitoring.consumers import Live
from rupai.core.sockets import Refuse


def websockets() -> AllowedHostsOriginValidator:
    """Route WebSockets of our own origin; everything else is closed at the handshake."""
    return AllowedHostsOriginValidator(URLRouter([path("ws/live/", Live.as_asgi()), re_path(r"", Refuse.as_asgi())]))
