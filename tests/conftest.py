"""What the tiers share."""

import os

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.github.fixtures"]

# The same examples at each run: what a change is refused for must come of the change. `PACT_GATE_EXAMPLES=2000` makes a
# run a search of so many, each time others, as each night (`make fuzz`); what it finds stays, as an `@example`.
SEARCH = os.environ.get("PACT_GATE_EXAMPLES")
settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.register_profile(
    "search", max_examples=int(SEARCH or 100), database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile("search" if SEARCH else "same")
