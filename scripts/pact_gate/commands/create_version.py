"""Create a version without pacts, as a service that only provides needs it."""

from __future__ import annotations

from pact_gate.commands.step import Step
from pact_gate.commands.versions import announce
from pact_gate.model.commit import chosen_branch, chosen_version, short
from pact_gate.model.outcome import Outcome
from pact_gate.settings.inputs import Inputs
from pact_gate.settings.versions import create_version_settings


def run(inputs: Inputs, step: Step) -> Outcome:
    """Create the version, or add to it: its branch, tags and build URL."""
    settings = create_version_settings(inputs)
    version = chosen_version(settings.version, settings.branch, step.commit)
    branch = chosen_branch(settings.version, settings.branch, step.commit)
    build_url = settings.build_url or step.commit.build_url
    tags = tuple(dict.fromkeys([*settings.tags, *([branch] if settings.tag_with_branch and branch else [])]))
    announce(step.broker, settings.pacticipant, version, branch=branch, tags=tags, build_url=build_url)
    facts = (("branch", branch), ("tags", ", ".join(tags)), ("build", build_url))
    return Outcome(
        headline=f"Version {short(version)} of {settings.pacticipant} is in the broker.",
        facts=(("version", version), *((label, value) for label, value in facts if value)),
        outputs={"version": version, "branch": branch or ""},
    )
