"""Sending webhooks, from threads of its own, only to where it is allowed.

An address is checked after its name was resolved, and the connection goes to the very address that was checked: a
name that resolves to something else a moment later changes nothing. Redirects are not followed.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import logging
import math
import socket
import sqlite3
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pact_gate.embedded import webhook_requests
from pact_gate.embedded.rows import insert, one
from pact_gate.embedded.store import Store, now
from pact_gate.embedded.webhook_requests import Prepared

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection

_LOG = logging.getLogger(__name__)
_RETRY_AFTER = (10, 60, 120, 300, 600, 1200)  # seconds
ATTEMPTS = len(_RETRY_AFTER) + 1
_SECONDS = 10.0  # for one request, in whole
_PAUSE = 5.0  # seconds that it lets go by where the file cannot be used
_LEASE = 60_000_000  # microseconds for which another process leaves a webhook alone that one is sending
_LOOK = 5.0  # seconds after which it looks for what another process has left
_AT_ONCE = 4  # hosts that are called at once
_KEPT_FOR = 24 * 3_600_000_000  # microseconds for which a webhook waits for somebody who may send it
_DUE = """triggered_webhooks WHERE due_at IS NOT NULL
          AND (webhook_id IS NULL OR webhook_id IN (SELECT value FROM json_each(?)))"""
_PARTING = 15.0  # seconds that closing waits: what is begun has its time, and then nothing more is begun
_AS_IT_IS = "!#$%&'()*+,/:;=?@[]|"  # of an address; all else that is no letter or digit is escaped
_SENT = range(200, 207)
# IPv4 behind a translator (RFC 2765, 6052, 8215), and what was IPv4 within IPv6 before there was one (RFC 4291).
_TRANSLATED = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96", "::/96")))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotAllowedError(Exception):
    """The request may not be sent to where it points."""


@dataclass(frozen=True)
class Sent:
    """What became of a request. `status` None: there was no answer."""

    success: bool
    status: int | None
    log: str


def is_allowed_name(host: str, hosts: frozenset[str]) -> bool:
    """Whether the list of hosts names a host: itself, `*.` and a part of it, or a network that holds its address."""
    if host in hosts:
        return True
    if any(pattern.startswith("*.") and host.endswith(pattern[1:]) for pattern in hosts):
        return True
    try:
        return _is_named(ipaddress.ip_address(host), hosts)
    except ValueError:
        return False


def send(prepared: Prepared, hosts: frozenset[str]) -> Sent:
    """Send one request; never raises."""
    import urllib3  # noqa: PLC0415 - a start without webhooks must not pay for it

    told, deadline = prepared.told, time.monotonic() + _SECONDS
    parts = urllib.parse.urlsplit(prepared.url)
    try:
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        addresses = checked_addresses(host, port, hosts)
        own = {"host": parts.netloc.rpartition("@")[2], "user-agent": prepared.headers.get("user-agent", "pact-gate")}
        headers = {name: _utf_8(value) for name, value in {**prepared.headers, **own}.items()}
        target = urllib.parse.quote(urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, "")), _AS_IT_IS)
        with _connected([_connection(parts.scheme, address, port, host) for address in addresses], deadline) as reached:
            reached.request(prepared.method, target, prepared.body, headers, preload_content=False)
            status = int(reached.getresponse().status)
    except NotAllowedError as error:
        return Sent(success=False, status=None, log=f"{told}\nNot sent: {error}\n")
    except (OSError, ValueError, http.client.HTTPException, urllib3.exceptions.HTTPError) as error:
        return Sent(success=False, status=None, log=f"{told}\nNo answer: {type(error).__name__}\n")
    return Sent(success=status in _SENT, status=status, log=f"{told}\nHTTP {status}\n")


def _utf_8(header: str) -> str:
    """A header's value that goes out in UTF-8, as a Pact Broker sends it: http.client knows Latin-1 alone."""
    return header.encode().decode("latin-1")


@contextlib.contextmanager
def _connected(connections: list[HTTPConnection], deadline: float) -> Iterator[HTTPConnection]:
    """The first of a host's addresses that can be connected to, until the deadline: then it is cut off.

    A time-out of the socket would not do: whoever sends or takes one byte at a time makes it begin anew each time.
    """
    connection = _first_connected(connections, deadline)
    cutting = threading.Timer(_left(deadline), _cut, [connection.sock])
    cutting.start()
    try:
        yield connection
    finally:
        cutting.cancel()
        connection.close()
        _left(deadline)  # what was cut off may look like an error, or like an answer that ends there


def _first_connected(connections: list[HTTPConnection], deadline: float) -> HTTPConnection:
    import urllib3  # noqa: PLC0415 - as above

    for count, connection in enumerate(connections, -len(connections)):
        connection.timeout = _left(deadline) / -count  # an address that says nothing leaves time for those after it
        try:
            connection.connect()
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError):
            if connection is connections[-1]:
                raise
            continue
        connection.timeout = _left(deadline)
        return connection
    raise NotAllowedError("the host has no address.")


def _left(deadline: float) -> float:
    """Seconds until then. Raises TimeoutError where there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _cut(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it was closed meanwhile
        socket.socket.shutdown(connected, socket.SHUT_RDWR)  # not TLS's, which would wait for the other side


class Delivery:
    """Sends due webhooks and tries again those that failed: several at once, but to one host one after the other.

    It takes only what it may send. The rest waits for a process that may: one without hosts, as every step of a
    workflow is, leaves all to the one that serves the file.
    """

    def __init__(self, store: Store, hosts: frozenset[str]) -> None:
        self._store = store
        self._hosts = hosts
        self._wakened = threading.Event()
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._called: set[str] = set()  # hosts that are being called
        self._last_start = math.inf

    def resume(self) -> None:
        """Go on with what is left by an earlier process, and look from time to time for what others leave."""
        self.wake()

    def wake(self) -> None:
        """There is something to send."""
        self._wakened.set()
        with self._lock:
            if self._hosts and self._thread is None and not self._ending.is_set():
                self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Send what is due now, as far as there is time, and end. What is not sent is kept."""
        self._last_start = time.monotonic() + _PARTING - _SECONDS
        self._ending.set()
        self._wakened.set()
        if self._thread is not None:
            self._thread.join(_PARTING)

    def _work(self) -> None:
        while True:
            self._wakened.clear()
            pause = self._begin_all()
            with self._lock:
                is_idle = not self._called and not self._wakened.is_set()
            if self._ending.is_set() and is_idle:
                return
            self._wakened.wait(_LOOK if self._ending.is_set() else pause)

    def _begin_all(self) -> float:
        """Begin with all that is due. Answers for how many seconds there is nothing to do, unless it is wakened."""
        try:
            self._give_up_forgotten()
            while time.monotonic() < self._last_start:
                hosts = self._free_hosts()
                pause = self._due_in(hosts)
                if pause > 0:
                    return pause
                self._begin(self._claim(hosts))
        except sqlite3.Error:  # which may pass: others write without end, the disk is full, the file was moved
            _LOG.exception("webhooks cannot be read or their outcome not be kept; again in %g seconds", _PAUSE)
            return _PAUSE
        return _LOOK

    def _free_hosts(self) -> dict[int, str]:
        """The hosts of the webhooks that may be sent now, by the webhooks' ids."""
        with self._lock:
            called = set(self._called)
        if len(called) >= _AT_ONCE:
            return {}
        with self._store.reading() as db:
            found = {row["id"]: json.loads(row["request"]) for row in db.execute("SELECT id, request FROM webhooks")}
        hosts = {known: webhook_requests.host_of(request["url"]) or "" for known, request in found.items()}
        return {
            known: host for known, host in hosts.items() if host not in called and is_allowed_name(host, self._hosts)
        }

    def _due_in(self, hosts: Mapping[int, str]) -> float:
        """Seconds until the next one is due, or until it is to be looked again."""
        with self._store.reading() as db:
            row = one(db, f"SELECT min(due_at) AS due FROM {_DUE}", *_keys(hosts))
        due = row["due"] if row else None
        return _LOOK if due is None else min(_LOOK, max(0.0, (due - now()) / 1_000_000))

    def _claim(self, hosts: Mapping[int, str]) -> tuple[sqlite3.Row, sqlite3.Row | None] | None:
        """The one that is due first, with its webhook, which may be deleted; None if another process was faster."""
        with self._store.writing() as db:
            row = one(db, f"SELECT * FROM {_DUE} AND due_at <= ? ORDER BY due_at LIMIT 1", *_keys(hosts), now())
            if row is None:
                return None
            db.execute("UPDATE triggered_webhooks SET due_at = ? WHERE id = ?", (now() + _LEASE, row["id"]))
            return row, one(db, "SELECT * FROM webhooks WHERE id = ?", row["webhook_id"])

    def _begin(self, claimed: tuple[sqlite3.Row, sqlite3.Row | None] | None) -> None:
        if claimed is None:
            return
        triggered, hook = claimed
        if hook is None or not hook["enabled"]:
            log = f"The webhook was {'deleted' if hook is None else 'disabled'}.\n"
            self._finish(triggered, Sent(success=False, status=None, log=log), is_last=True)
            return
        request = json.loads(hook["request"])
        prepared = webhook_requests.prepare(request, json.loads(triggered["context"]))
        host = webhook_requests.host_of(request["url"]) or ""
        with self._lock:
            self._called.add(host)
        threading.Thread(target=self._send, args=(host, triggered, prepared), name="webhook", daemon=True).start()

    def _send(self, host: str, triggered: sqlite3.Row, prepared: Prepared) -> None:
        try:
            self._finish(triggered, send(prepared, self._hosts), is_last=triggered["attempts"] + 1 >= ATTEMPTS)
        except sqlite3.Error:  # as above; it is sent again when its lease has ended
            _LOG.exception("the outcome of a webhook cannot be kept")
        finally:
            with self._lock:
                self._called.discard(host)
                self._wakened.set()

    def _give_up_forgotten(self) -> None:
        """What nobody could send for a day is not sent: nobody waits for it any more."""
        forgotten = now() - _KEPT_FOR
        with self._store.reading() as db:
            if one(db, "SELECT 1 FROM triggered_webhooks WHERE due_at < ? LIMIT 1", forgotten) is None:
                return
        with self._store.writing() as db:
            db.execute(
                """INSERT INTO webhook_executions (triggered_id, success, log, created_at)
                   SELECT id, 0, ?, ? FROM triggered_webhooks WHERE due_at < ?""",
                ("Not sent: for a day no broker that may call its host was there.\n", now(), forgotten),
            )
            query = "UPDATE triggered_webhooks SET status = 'failure', due_at = NULL WHERE due_at < ?"
            db.execute(query, (forgotten,))

    def _finish(self, triggered: sqlite3.Row, sent: Sent, *, is_last: bool) -> None:
        attempt = triggered["attempts"]
        again = not sent.success and not is_last
        due = now() + _RETRY_AFTER[attempt] * 1_000_000 if again else None
        status = "success" if sent.success else "retrying" if again else "failure"
        log = sent.log + (f"Trying again in {_RETRY_AFTER[attempt]} seconds\n" if again else "")
        with self._store.writing() as db:
            query = "UPDATE triggered_webhooks SET status = ?, attempts = ?, due_at = ? WHERE id = ?"
            db.execute(query, (status, attempt + 1, due, triggered["id"]))
            if one(db, "SELECT 1 FROM triggered_webhooks WHERE id = ?", triggered["id"]):
                columns = {"triggered_id": triggered["id"], "success": sent.success, "log": log, "created_at": now()}
                insert(db, "INSERT", "webhook_executions", columns)


def _keys(hosts: Mapping[int, str]) -> tuple[str]:
    return (json.dumps([*hosts]),)


def checked_addresses(host: str, port: int, hosts: frozenset[str]) -> list[Address]:
    """The addresses of a host. All of them must be allowed, else NotAllowedError is raised."""
    if not is_allowed_name(host, hosts):
        raise NotAllowedError(f"the host {host} is not among those that webhooks may call.")
    given = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = list(dict.fromkeys(ipaddress.ip_address(info[4][0]) for info in given))
    for address in found:
        is_own = host == "localhost" and address.is_loopback
        if not (_is_public(address) or _is_named(address, hosts) or is_own):
            raise NotAllowedError(f"the host {host} has the address {address}, which is not public and not named.")
    return found


def _is_public(address: Address) -> bool:
    """Whether anybody may be there, and nobody of this machine or its network, also by an IPv4 address within."""
    inner = [address]
    if isinstance(address, ipaddress.IPv6Address):
        if address.is_site_local:  # RFC 3879; `is_global` takes it for public
            return False
        embedded = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if any(address in network for network in _TRANSLATED):
            embedded.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        inner += [each for each in embedded if each is not None]
    return all(each.is_global and not each.is_multicast for each in inner)


def _is_named(address: Address, hosts: frozenset[str]) -> bool:
    return any(address in network for network in _networks(hosts))


def _networks(hosts: frozenset[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    found = []
    for host in hosts:
        try:
            found.append(ipaddress.ip_network(host, strict=False))
        except ValueError:
            continue  # a name
    return found


def _connection(scheme: str, address: Address, port: int, host: str) -> HTTPConnection:
    """A connection to the address that was checked; a certificate must still be the host's."""
    from urllib3 import connection  # noqa: PLC0415 - as above

    if scheme == "https":
        return connection.HTTPSConnection(
            str(address), port, server_hostname=host, assert_hostname=host, cert_reqs="CERT_REQUIRED"
        )
    return connection.HTTPConnection(str(address), port)
