"""Where a request comes from, as far as the operator's own proxies can be believed."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The caller's IP address; None when it came over a unix socket without a proxy's word.

    ``X-Forwarded-For`` counts only behind ``TRUSTED_PROXIES`` proxies, and then the entry that the outermost of them
    wrote: everything to its left is the caller's own claim.
    """
    return address_of(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", ""))


def address_of(peer: str | None, forwarded: str) -> str | None:
    """As ``client_address``, from the peer of the connection and the header."""
    proxies: int = settings.TRUSTED_PROXIES
    named = [part.strip() for part in forwarded.split(",") if part.strip()]
    text = named[-proxies] if 0 < proxies <= len(named) else peer or ""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def neighbourhood(address: str | None) -> str:
    """What one caller can choose freely: an IPv4 address, or the /64 network of an IPv6 address."""
    if address is None:
        return "local"
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
