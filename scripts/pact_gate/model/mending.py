"""The commands that mend a missing result, ready to be copied into a shell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from shlex import quote

from pact_gate.model.commit import is_full_sha
from pact_gate.model.gate import Target, TargetKind
from pact_gate.model.missing import CountingVersion, MissingResult
from pact_gate.model.repository import is_repository, repository_at

_WIDTH = 100  # characters of a line that a reader need not scroll

_TARGETS: Mapping[TargetKind, str] = {
    TargetKind.ENVIRONMENT: "to-environment",
    TargetKind.BRANCH: "to-branch",
    TargetKind.TAG: "to-tag",
    TargetKind.MAIN_BRANCH: "to-main-branch",
}


def pact_gate(command: str, **inputs: str) -> str:
    """Write a command of this program. Names and versions are others' text: each is quoted where a shell needs it."""
    words = [
        f"--{name.replace('_', '-')}{'=' if value.startswith('-') else ' '}{quote(value)}"
        for name, value in inputs.items()
    ]
    return _written(f"pact-gate {command}", words)


def ask_again(pacticipant: str, version: str, target: Target) -> str:
    """Ask the gate about another version."""
    given = {_TARGETS[target.kind].replace("-", "_"): target.name or "true"}
    return pact_gate("can-i-deploy", pacticipant=pacticipant, version=version, **given)


def find(name: str) -> str:
    """Find where a name stands in a repository."""
    return f"git grep -nF -e {quote(name)}"


def record(pacticipant: str, version: str, environment: str) -> str:
    """Record what is in an environment."""
    return pact_gate("record-deployment", pacticipant=pacticipant, version=version, environment=environment)


def publish(version: str) -> str:
    """Publish the pacts of a commit under the version that was recorded."""
    return f"{_checkout(version)}{pact_gate('publish', pacts='pacts', version=version)}"


def verify(missing: MissingResult, repository_url: str | None) -> str:
    """Have a pact verified at one version of its provider.

    Where the provider's repository is known, and the version is a commit, its workflow `contract-requested.yml` does;
    elsewhere the command is for a checkout of the provider.
    """
    version = missing.versions[0].version if missing.versions else ""
    repository = _repository(repository_url or "")
    if repository and is_full_sha(version):
        given = {"pact-url": missing.pact_url, "provider-versions": version, "consumer": missing.consumer}
        fields = [f"-f {quote(f'{name}={value}')}" for name, value in {**given, "key": missing.key}.items()]
        return _written(f"gh workflow run contract-requested.yml --repo {repository}", fields)
    run = pact_gate(
        "verify",
        provider=missing.provider,
        **({"version": version} if version else {}),
        pact_url=missing.pact_url,
        provider_url="http://127.0.0.1:PORT",
        publish_results="true",
    )
    return f"{_checkout(version)}{run}"


def missing_result(consumer: str, consumer_version: str, provider: str, version: str, pact_url: str) -> MissingResult:
    """Name one verification that is missing."""
    versions = (CountingVersion(version, ()),) if version else ()
    return MissingResult(consumer, consumer_version, provider, versions, pact_url)


def _written(command: str, words: list[str]) -> str:
    """Write a command on one line where it is short, else each of its words on a line of its own."""
    line = " ".join([command, *words])
    return line if len(line) <= _WIDTH else " \\\n  ".join([command, *words])


def _checkout(version: str) -> str:
    return f"git switch --detach {version}\n" if is_full_sha(version) else ""


def _repository(url: str) -> str:
    """Name a repository as `gh` takes it: with its host where that is not github.com."""
    host = re.sub(r".*://|.*@", "", url).partition("/")[0].partition(":")[0]
    name = repository_at(url, f"https://{host}") if host else None
    if name is None or not is_repository(name):
        return ""
    return name if host == "github.com" else f"{host}/{name}"
