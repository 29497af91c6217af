"""Answers over HTTP read within one deadline: a time-out per read lets a peer drip a byte at a time for ever."""

import http.client
import io
import socket
import time
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class _Deadline(io.RawIOBase):
    """A socket's stream on which all reads together take no longer than the socket's time-out."""

    def __init__(self, stream: io.RawIOBase, sock: socket.socket) -> None:
        self._stream = stream
        self._sock = sock
        patience = sock.gettimeout()
        self._end = None if patience is None else time.monotonic() + patience

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._end is not None:
            left = self._end - time.monotonic()
            if left <= 0:
                raise TimeoutError("The answer took too long as a whole")
            self._sock.settimeout(left)
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


class BoundedResponse(http.client.HTTPResponse):
    """A response whose status, headers and body together arrive within the read time-out."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        # http.client opened a buffered stream with a time-out per read; the deadline goes underneath it.
        self.fp: io.BufferedReader = io.BufferedReader(_Deadline(self.fp.detach(), sock))


class _Connection(HTTPConnection):
    response_class = BoundedResponse


class _SecureConnection(HTTPSConnection):
    response_class = BoundedResponse


class BoundedPool(HTTPConnectionPool):
    """Plain HTTP with a deadline for the whole answer."""

    ConnectionCls = _Connection


class BoundedSecurePool(HTTPSConnectionPool):
    """HTTPS with a deadline for the whole answer."""

    ConnectionCls = _SecureConnection
