"""The embedded broker: a Pact Broker on one SQLite file, as a WSGI application.

It answers as a Pact Broker 2.122 does, except for what docs/deviations.md says. Rooms: `store` and `schema` (the
file), `estate`, `deployments`, `pacts`, `results` (rows), `selection` and `matrix` (decisions), `documents` and
`pact_documents` (HAL), `routes` (resources), `pages` (what a browser is shown), `webhooks`, `app` (WSGI).
Values are NamedTuples: an answer makes thousands, and a step on a file pays for making each class.
"""

from __future__ import annotations

import pathlib

from pact_gate.embedded.app import Application
from pact_gate.embedded.store import Store


def application(database: pathlib.Path, *, webhook_hosts: frozenset[str] = frozenset()) -> Application:
    """Open, make or bring up to date the file `database` and serve it.

    `webhook_hosts` are the only hosts that webhooks may call: names, `*.` and a part of a name, addresses or networks.
    Addresses that are not public (loopback, link-local, private) must be named as such.

    Raises InputError for a file that is not ours, is damaged, cannot be written, or was made by a newer version;
    BrokerError for a full disk or a file that is in use.
    """
    return Application(Store(database), webhook_hosts)
