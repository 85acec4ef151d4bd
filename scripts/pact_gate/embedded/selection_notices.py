"""What a verifier prints about a pact: why it was chosen, and what its result will mean."""

from __future__ import annotations

from pact_gate.embedded.selection import Choice, Match

_PENDING_DOCS = "See https://docs.pact.io/go/pending"
_WIP_DOCS = "See https://docs.pact.io/go/wip"
_NEWEST = "latest"
OUTDATED = {
    "when": "before_verification",
    "text": "This verifier asks for its pacts in a way that Pact has given up (GET, not POST): please upgrade it.",
}


def notices(choice: Choice, url: str, *, include_pending: bool) -> list[dict[str, str]]:
    """Sentences with the moment at which a verifier shows them (`when`)."""
    found = [{"when": "before_verification", "text": _why_chosen(choice, url)}]
    if not include_pending:
        return found
    found.append({"when": "before_verification", "text": _what_failure_means(choice)})
    if choice.pending:
        found += [{"when": f"after_verification:{outcome}", "text": text} for outcome, text in _afterwards(choice)]
    return found


def short_description(choice: Choice) -> str:
    """The reasons for a choice in a few words."""
    return ", ".join(_short(match) for match in choice.matches)


def _why_chosen(choice: Choice, url: str) -> str:
    reasons = "\n".join(f"    * {_long(choice, match)}" for match in choice.matches)
    if choice.wip:
        return (
            f"{url} is verified as work in progress: {_own_versions(choice, 'no version')} has passed it yet when its"
            f" consumer version was asked for by the selectors. It belongs to:\n{reasons}\n{_WIP_DOCS}"
        )
    return f"{url} is verified because its content was published by:\n{reasons}"


def _what_failure_means(choice: Choice) -> str:
    if choice.wip:
        return (
            f"Work in progress is pending for this version of {choice.pact['provider']}: a failure does not fail this"
            f" build. {_PENDING_DOCS}"
        )
    if choice.pending:
        return (
            f"This pact is pending, as {_own_versions(choice, 'no version')} has passed it yet: a failure does not fail"
            f" this build. {_PENDING_DOCS}"
        )
    who = _own_versions(choice, "a version")
    return f"This pact was passed before by {who}: a failure fails this build. {_PENDING_DOCS}"


def _afterwards(choice: Choice) -> list[tuple[str, str]]:
    whose = _own_versions(choice, "versions")
    stays = f"The pact stays pending for {whose}"
    return [
        ("success_true_published_false", f"{stays}: the passing result was not published."),
        ("success_false_published_false", f"{stays}: no passing result was published."),
        ("success_true_published_true", f"The pact is no longer pending for {whose}: a failure will fail the build."),
        ("success_false_published_true", f"{stays}: no passing result was published."),
    ]


def _own_versions(choice: Choice, which: str) -> str:
    provider = choice.pact["provider"]
    if choice.provider_branch:
        return f"{which} of {provider} on branch {choice.provider_branch!r}"
    tags = choice.pending_tags if choice.pending else choice.other_tags
    return f"{which} of {provider}" + (f" tagged {', '.join(map(repr, tags))}" if tags else "")


def _long(choice: Choice, match: Match) -> str:
    reason = _short(match)
    if reason == _NEWEST:
        reason += f" that has a pact with {choice.pact['provider']}"
    return f"version {match.version} of {choice.pact['consumer']}: {reason}"


def _short(match: Match) -> str:
    selector = match.selector
    if match.environment is not None:
        return f"{_state(match)} {match.environment}"
    if selector.main_branch:
        return f"latest on its main branch {match.branch!r}"
    if selector.branch is not None:
        return f"latest on branch {(match.branch or selector.branch)!r}"
    if selector.tag is not None:
        fallback = f" (nothing is tagged {selector.tag!r})" if match.fallback else ""
        tag = selector.fallback_tag if match.fallback else selector.tag
        return f"{'latest ' if selector.latest else ''}tagged {tag!r}{fallback}"
    return _NEWEST


def _state(match: Match) -> str:
    if match.selector.deployed:
        return "deployed to"
    return "released in" if match.selector.released else "in"
