"""The address that a caller used, as the reverse proxy tells it, and never from anyone but that proxy.

`X-Forwarded-Proto`, `-Host`, `-Port` and `-Prefix`, or where none of the first two is there, `Forwarded` (RFC 7239). Of
several values the last one counts: it is what the proxy said that stands before us. The prefix is one that the proxy
has taken off. waitress knows one proxy alone, and no prefix.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from pact_gate.serving.wsgi import HOST, PORT, USUAL_PORTS, Application, Environ, StartResponse, refuse

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAMES = ("Proto", "Host", "Port", "Prefix")
_SAID = {
    "Proto": re.compile(r"https?"),
    "Host": HOST,
    "Port": re.compile(PORT),
    "Prefix": re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~\-]{1,100}){0,10}"),
}
_PAIR = re.compile(r'\b([A-Za-z]+)=(?:"([^"]*)"|([^;,"\s]*))')


class Forwarded:
    """Tells the application behind it by which address it was called."""

    def __init__(self, application: Application, proxies: Iterable[Network]) -> None:
        self._application = application
        self._proxies = tuple(proxies)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        said = _said(environ)
        if self._is_trusted(environ.get("REMOTE_ADDR", "")):
            for name, value in said.items():
                if not _SAID[name].fullmatch(value):
                    return refuse(start_response, 400, f"The proxy says in X-Forwarded-{name} what is none: {value!r}.")
            _apply(environ, said)
        return self._application(environ, start_response)

    def _is_trusted(self, address: str) -> bool:
        try:
            caller = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = getattr(caller, "ipv4_mapped", None)
        return any((mapped or caller) in network for network in self._proxies)


def _said(environ: Environ) -> dict[str, str]:
    """Take what a proxy said out of the request; '' is nothing."""
    found = {name: str(environ.pop(f"HTTP_X_FORWARDED_{name.upper()}", "")) for name in _NAMES}
    standard = str(environ.pop("HTTP_FORWARDED", ""))
    if not (found["Proto"] or found["Host"]):
        pairs = {name.lower(): quoted or plain for name, quoted, plain in _PAIR.findall(standard.rpartition(",")[2])}
        found |= {"Proto": pairs.get("proto", ""), "Host": pairs.get("host", "")}
    last = {name: value.rpartition(",")[2].strip() for name, value in found.items()}
    last["Proto"], last["Prefix"] = last["Proto"].lower(), last["Prefix"].rstrip("/")
    return {name: value for name, value in last.items() if value}


def _apply(environ: Environ, said: dict[str, str]) -> None:
    scheme = said.get("Proto") or str(environ["wsgi.url_scheme"])
    host, port = said.get("Host") or environ.get("HTTP_HOST", ""), said.get("Port")
    if host and port and port != USUAL_PORTS[scheme] and not re.search(r":[0-9]+\Z", host):
        host = f"{host}:{port}"
    environ["wsgi.url_scheme"] = scheme
    if host:
        environ["HTTP_HOST"] = host
    if prefix := said.get("Prefix"):
        environ["SCRIPT_NAME"] = prefix
        if environ.get("REQUEST_URI", "").startswith("/"):
            environ["REQUEST_URI"] = prefix + environ["REQUEST_URI"]
