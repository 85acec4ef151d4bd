"""pact-gate: consumer-driven contract testing as a deploy gate in GitHub Actions."""

VERSION = "1.0.0"
