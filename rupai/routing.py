"""Where WebSockets go. None is served yet; an unknown path is refused, never left hanging."""

from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import re_path

from rupai.core.sockets import Refuse


def websockets() -> AllowedHostsOriginValidator:
    """Route WebSockets of our own origin; everything else is closed at the handshake."""
    return AllowedHostsOriginValidator(URLRouter([re_path(r"", Refuse.as_asgi())]))
