"""What most teams have: pact-python's verifier, called as its documentation shows it.

verify.py PROVIDER PROVIDER_URL PACT_FILE [STATES_URL]
"""

from __future__ import annotations

import sys

from pact import Verifier

provider, url, pact, *states = sys.argv[1:]
verifier = Verifier(provider, host="127.0.0.1").add_transport(url=url).add_source(pact)
verifier.set_coloured_output(enabled=False)
if states:
    verifier.state_handler(states[0], body=True)
try:
    verifier.verify()
except RuntimeError:
    sys.exit(1)
