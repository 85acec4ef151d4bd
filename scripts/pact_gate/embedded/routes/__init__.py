"""The resources of a Pact Broker, each with the methods that it has."""

from __future__ import annotations

from pact_gate.embedded.routes import (
    dashboard,
    diffs,
    environments,
    general,
    integrations,
    matrix,
    metrics,
    pacticipants,
    pacts,
    publishing,
    verification,
    versions,
    webhooks,
)
from pact_gate.embedded.routing import Resource, Resources, Route

ROUTES: tuple[Route, ...] = (
    *general.ROUTES,
    *integrations.ROUTES,
    *dashboard.ROUTES,
    *diffs.ROUTES,
    *metrics.ROUTES,
    *pacticipants.ROUTES,
    *matrix.ROUTES,
    *versions.ROUTES,
    *environments.ROUTES,
    *publishing.ROUTES,
    *verification.ROUTES,
    *webhooks.ROUTES,
    *pacts.ROUTES,
)

_RESOURCES = Resources(ROUTES)


def resource(path: str) -> Resource | None:
    """Find what a path, as it was sent, names: its methods, and its variable segments by their names."""
    return _RESOURCES.find(path)
