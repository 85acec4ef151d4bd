"""The same from a broker, with the result published: under a branch's name, as many pipelines do.

verify_from_broker.py PROVIDER PROVIDER_URL BROKER_URL PROVIDER_VERSION
"""

from __future__ import annotations

import sys

from pact import Verifier

provider, url, broker, version = sys.argv[1:]
verifier = Verifier(provider, host="127.0.0.1").add_transport(url=url).broker_source(broker)
verifier.set_publish_options(version=version).set_coloured_output(enabled=False)
try:
    verifier.verify()
except RuntimeError:
    sys.exit(1)
