"""pact-gate: consumer-driven contract testing as a deploy gate in GitHub Actions."""
