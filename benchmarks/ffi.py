"""Verifies with pact-python alone, as a peer.

    ffi.py files PROVIDER PROVIDER_URL FOLDER
    ffi.py broker PROVIDER PROVIDER_URL BROKER_URL

The second asks the broker and publishes the results under a branch and two tags, all by the verifier's own means.
"""

from __future__ import annotations

import sys

from pact import Verifier


def main() -> None:
    """Verify, or end with pact-python's error."""
    source, provider, url, where = sys.argv[1:]
    verifier = Verifier(provider, host="127.0.0.1").add_transport(url=url)
    if source == "files":
        verifier.add_source(where)
    else:
        asked = verifier.broker_source(where, selector=True, use_env=False)
        asked.consumer_version(latest=True).provider_branch("main").provider_tags("a", "b").build()
        verifier.set_publish_options("1", branch="main", tags=["a", "b"])
    verifier.verify()


if __name__ == "__main__":
    main()
