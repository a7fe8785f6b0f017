"""Notices when another process of a distributed run is gone, however it ended."""

import contextlib
import os
import socket
import threading

# Seconds of silence, seconds between questions, questions: a cable that is pulled shows after half a minute.
_KEEP_ALIVE = (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 4))


class PeerLink:
    """Open connections between the first process and all others, which the system closes when a process ends.

    Only a password is sent, at the beginning, so that a stranger's connection does not count.  A process that is killed
    sends nothing, and collectives notice its end only while they run; this can be asked at any time.

    Paddle's own store is not enough: it has no public name (``paddle.base.core.TCPStore``) and notices only the end of
    the process that serves it.  Heartbeats in it would need a key that each process writes and another process polls,
    and show an end only when a heartbeat is late.  The system closes a connection at once.

    Args:
        password: what the others send first.
        listener: socket at which the first process is reached; None in the others.
        connection: socket to the first process; None in that one.
    """

    def __init__(self, password: bytes, listener=None, connection=None):
        self._password, self._listener = password, listener
        self._lock = threading.Lock()
        self._unknown, self._known = [], [connection] if connection else []
        os.register_at_fork(after_in_child=self.close)  # else a worker would keep its parent's connections open

    @classmethod
    def reach(cls, address, password: bytes) -> "PeerLink":
        """Connects to the first process at ``address``, (host, port); without a connection, none is ever lost."""
        try:
            connection = socket.create_connection(address, timeout=10)
            connection.sendall(password)
        except OSError:
            return cls(password)
        return cls(password, connection=_prepared(connection))

    def broken(self) -> bool:
        """Tells whether a process that was in contact is gone; may be asked from any thread."""
        with self._lock:
            self._accept()
            return any(_said(connection) == b"" for connection in self._known)

    def close(self):
        """Closes all connections."""
        for one in (self._listener, *self._unknown, *self._known):
            if one is not None:
                one.close()
        self._listener, self._unknown, self._known = None, [], []

    def _accept(self):
        with contextlib.suppress(OSError):  # nobody waits
            while self._listener is not None:
                self._unknown.append(_prepared(self._listener.accept()[0]))
        said = [(connection, _said(connection)) for connection in self._unknown]
        self._unknown = [connection for connection, words in said if words is None]
        self._known += [connection for connection, words in said if words == self._password]


def listen(host: str):
    """Returns a socket on a free port of an address of this machine, or None where there can be none."""
    try:
        listener = socket.create_server((host, 0), backlog=1024)
    except OSError:
        return None
    listener.setblocking(False)
    return listener


def _prepared(connection):
    connection.setblocking(False)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE:
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return connection


def _said(connection):
    """Returns what the other end has sent, ``b""`` once it is gone, None while it is silent."""
    try:
        return connection.recv(64)
    except BlockingIOError:
        return None
    except OSError:
        return b""
