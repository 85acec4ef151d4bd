"""What the tiers share."""

pytest_plugins = ["tests.github.fixtures"]
