"""Verifies with pact-python alone, or as pact-gate does, and prints the seconds that the verifying itself took.

    verifying.py alone PROVIDER PROVIDER_URL FOLDER
    verifying.py ours PROVIDER PROVIDER_URL FOLDER
    verifying.py broker PROVIDER PROVIDER_URL BROKER_URL

The last asks the broker and publishes the results under a branch and two tags, all by the verifier's own means.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from pact import Verifier

from pact_gate.verifier.pacts import ProviderAddress, verify_pact


def main() -> None:
    """Verify, or end with an error."""
    mode, provider, url, where = sys.argv[1:]
    start = time.perf_counter()
    if mode == "ours":
        for path in sorted(Path(where).iterdir()):
            if not verify_pact(path.read_bytes(), ProviderAddress(provider=provider, url=url)).passed:
                raise SystemExit(f"{path} is not honoured")
    else:
        verifier = Verifier(provider, host="127.0.0.1").add_transport(url=url)
        if mode == "alone":
            verifier.add_source(where)
        else:
            asked = verifier.broker_source(where, selector=True, use_env=False)
            asked.consumer_version(latest=True).provider_branch("main").provider_tags("a", "b").build()
            verifier.set_publish_options("1", branch="main", tags=["a", "b"])
        verifier.verify()
    print(f"\n{time.perf_counter() - start}")


if __name__ == "__main__":
    main()
