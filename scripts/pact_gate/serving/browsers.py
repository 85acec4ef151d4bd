"""What a browser asks for pages of other sites: nothing may be changed by it.

A browser sends what any page likes, from within the user's machine and with the password that it remembers, and says
whose page it was: in `Sec-Fetch-Site` (w3.org/TR/fetch-metadata) and `Origin` (RFC 6454). Programs send neither. A page
whose site leads its own name to this machine (DNS rebinding) is one of ours to the browser, but for that name.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from pact_gate.serving.wsgi import READING, USUAL_PORTS, Application, Denial, Environ, StartResponse, refuse

_OWN_SITE = ("", "same-origin", "none")
_PORT = re.compile(r":[0-9]*\Z")
# How containers call the machine that they run on (Docker, Podman).
_MACHINE = ("localhost", "host.docker.internal", "gateway.docker.internal", "host.containers.internal")


class Browsers:
    """Refuses what a browser sends for pages of others.

    `only_here` says that whoever reaches us by a name of this machine may do all: other names are refused then.
    """

    def __init__(self, application: Application, *, only_here: bool) -> None:
        self._application = application
        self._only_here = only_here

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        denial = self._denial(environ)
        return refuse(start_response, *denial) if denial else self._application(environ, start_response)

    def _denial(self, environ: Environ) -> Denial | None:
        host = environ.get("HTTP_HOST", "")
        if self._only_here and host and not _is_here(host):
            return Denial(
                421,
                f"This broker asks nobody who they are, and is for this machine alone: it is not called {host!r}."
                " Call it 127.0.0.1 or localhost. Under another name it needs credentials, or its --trusted-proxy.",
            )
        if environ["REQUEST_METHOD"] in READING or not _is_of_others(environ):
            return None
        return Denial(403, "A page of another site had a browser send this. Nothing is changed for it.")


def _is_here(host: str) -> bool:
    name = _PORT.sub("", host).strip("[]").rstrip(".").lower()
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return name in _MACHINE or name.endswith(".localhost")


def _is_of_others(environ: Environ) -> bool:
    site, origin = environ.get("HTTP_SEC_FETCH_SITE", ""), environ.get("HTTP_ORIGIN", "")
    own = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
    return site not in _OWN_SITE or bool(origin and _plain(origin) != _plain(own))


def _plain(origin: str) -> str:
    """An origin as browsers write it: small letters, and no port that is the usual one."""
    scheme, _, host = origin.lower().partition("://")
    return f"{scheme}://{host.removesuffix(f':{USUAL_PORTS.get(scheme)}')}"
