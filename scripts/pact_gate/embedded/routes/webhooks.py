"""Webhooks."""

from __future__ import annotations
from pact_gate.embedded.routing import Route

ROUTES: tuple[Route, ...] = ()
