"""Which inputs each command knows, those of its action: with any other, a typo would be an input that is not given."""

from __future__ import annotations

from collections.abc import Mapping

_BROKER = ("broker-url", "broker-token", "broker-username", "broker-password", "broker-timeout")
_VERSION = (*_BROKER, "version", "branch")
_CREATE_VERSION = (*_VERSION, "pacticipant", "tags", "tag-with-branch", "build-url")
_PUBLISH = (*_CREATE_VERSION, "pacts", "on-conflict", "on-empty")
_TARGET = ("to-environment", "to-main-branch", "to-branch", "to-tag")
_ASKED = (*_VERSION, "pacticipant", *_TARGET, "ignore", "timeout", "interval", "dry-run", "on-empty")
_GATE = (*_ASKED, "runs", "statuses", "comment", "github-token")
_OVERRIDE = ("override-environment", "override-reason", "override-until")
_TRIGGER = (*_VERSION, "pacticipant", "via", "event", "workflow", "ref", "repositories", "providers", "github-token")
_RECORD = ("environment", "state", "application-instance", "create-environment", "allow-without-contracts")
_RECONCILE = ("to-environment", "consumer-branches", "rerun", "delete-branches")
_PROVIDER = ("provider", "provider-url", "start", "ready-url", "ready-timeout", "provider-states-url", "messages-url")
_STATES = ("check-states", "state-check")
_SELECTION = ("selectors", "enable-pending", "wip-since", "pact-url", "pacts", "on-empty")
_COMPARED = ("openapi", "provider", "pacts", "consumer", "consumer-version", "selectors", "on-empty")
_FILTERS = ("filter-description", "filter-state", "filter-no-state", "filter-consumers")
_RESULTS = ("publish-results", "tags", "build-url", "junit")
_LINT = ("pacts", "fix", "twice")

KNOWN: Mapping[str, frozenset[str]] = {
    "gate": frozenset(_PUBLISH + _ASKED),
    "publish": frozenset(_PUBLISH),
    "verify": frozenset((*_VERSION, *_PROVIDER, *_STATES, *_SELECTION, *_FILTERS, *_RESULTS, "request-headers")),
    "compare-openapi": frozenset((*_VERSION, *_COMPARED, "fail-on", "json", "publish-contract", *_RESULTS[:3])),
    "can-i-deploy": frozenset((*_GATE, *_OVERRIDE, "not-covered", "config")),
    "explain": frozenset((*_VERSION, "pacticipant", *_TARGET, "ignore", "only")),
    "trigger-verification": frozenset(_TRIGGER),
    "contract-gate": frozenset((*_TRIGGER, *_GATE, "needs", "artifact", "artifact-workflow", "tags", "trigger-token"))
    - {"runs"},
    "settle-statuses": frozenset(("github-token",)),
    "requested-versions": frozenset((*_BROKER, "provider", "pact-url", "provider-versions")),
    "reconcile": frozenset((*_BROKER, "pacticipant", *_RECONCILE, "github-token")),
    "record-deployment": frozenset((*_VERSION, "pacticipant", *_RECORD)),
    "create-version": frozenset(_CREATE_VERSION),
    "fetch-pacts": frozenset(("pacticipant", "artifact", "run-id", "workflow", "folder", "on-empty", "github-token")),
    "scaffold-states": frozenset((*_BROKER, "provider", "framework", "pacts", "selectors", "file", "package", "force")),
    "lint": frozenset((*_LINT, "config", "baseline", "update-baseline", "sarif", "json", "fail-on")),
    "plan": frozenset(("config", "all", "environment", "work")),
    "broker": frozenset(("database", "port", "webhook-hosts")),
}
# What `broker serve` knows beside the inputs of the action, and what help says of it: a job serves itself alone. The
# secrets themselves are no inputs, for a command line can be read by every user of the machine.
SERVE: Mapping[str, str] = {
    "host": "The address to listen on. Any but a loopback address needs a token or a user. (default: 127.0.0.1)",
    "token-file": "A file with the bearer tokens of those who may read and write, one a line (or the variable "
    "PACT_GATE_SERVE_TOKEN).",
    "user-file": "The same as NAME:PASSWORD, for basic authentication (PACT_GATE_SERVE_USER).",
    "read-only-token-file": "Bearer tokens of those who may only read (PACT_GATE_SERVE_READ_ONLY_TOKEN).",
    "read-only-user-file": "The same as NAME:PASSWORD (PACT_GATE_SERVE_READ_ONLY_USER).",
    "trusted-proxy": "The address or network of a reverse proxy whose X-Forwarded-Proto, -Host, -Port and -Prefix "
    "count. May be given several times.",
}
# What a word of `broker` knows beside the inputs of the action, and what help says of it.
WORDS: Mapping[str, Mapping[str, str]] = {
    "serve": SERVE,
    "backup": {"overwrite": "Whether to replace the file PATH if there is one."},
}
WORDS_WITH_PATH = frozenset(("backup", "check"))
LISTS = frozenset(
    (
        "pacticipant",
        "repositories",
        "providers",
        "pacts",
        "tags",
        "ignore",
        "only",
        "request-headers",
        "filter-consumers",
        "webhook-hosts",
        "trusted-proxy",
    )
)
