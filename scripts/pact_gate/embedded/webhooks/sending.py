"""Sending one request, only to where it is allowed.

An address is checked after its name was resolved, and the connection goes to the very address that was checked: a
name that resolves to something else a moment later changes nothing. Redirects are not followed.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import threading
import time
import urllib.parse
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from pact_gate.embedded.webhooks.outgoing import Prepared

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection

SECONDS = 10.0  # for one request, in whole
_AS_IT_IS = "!#$%&'()*+,/:;=?@[]|"  # of an address; all else that is no letter or digit is escaped
_SENT = range(200, 207)
# IPv4 behind a translator (RFC 2765, 6052, 8215), and what was IPv4 within IPv6 before there was one (RFC 4291).
_TRANSLATED = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96", "::/96")))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotAllowedError(Exception):
    """The request may not be sent to where it points."""


class Sent(NamedTuple):
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

    told, deadline = prepared.told, time.monotonic() + SECONDS
    parts = urllib.parse.urlsplit(prepared.url)
    try:
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        addresses = checked_addresses(host, port, hosts)
        added = {"user-agent": "pact-gate", "accept-encoding": urllib3.util.SKIP_HEADER}  # http.client would add one
        own = {"host": parts.netloc.rpartition("@")[2]}
        headers = {name: _utf_8(value) for name, value in {**added, **prepared.headers, **own}.items()}
        target = urllib.parse.quote(urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, "")), _AS_IT_IS)
        with _connected([_connection(parts.scheme, address, port, host) for address in addresses], deadline) as reached:
            reached.request(prepared.method, target, prepared.body, headers, preload_content=False)
            status = int(reached.getresponse().status)
    except NotAllowedError as error:
        return Sent(success=False, status=None, log=f"{told}\nNot sent: {error}\n")
    # A RuntimeError where no thread can be started, which is to cut it off.
    except (OSError, ValueError, RuntimeError, http.client.HTTPException, urllib3.exceptions.HTTPError) as error:
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
    try:
        cutting.start()
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
