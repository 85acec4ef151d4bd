"""The rules that tell why a row has no result, from what the broker knows. Each says what mends it as well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from pact_gate.model import mending
from pact_gate.model.commit import is_branch_name, is_full_sha, short
from pact_gate.model.gate import Result, Row, Target, TargetKind
from pact_gate.model.unknown import Cause, Explanation, is_same_version

Rows = tuple[Row, ...]

# What GitHub calls the merge of a pull request with its base where a build takes `github.ref_name` for its branch.
_MERGE_BRANCH = re.compile(r"(?:refs/)?(?:remotes/)?(?:pull/)?\d+/merge")
_MOST_NAMED = 3


class Selected(StrEnum):
    """Whether a provider's verification takes a pact in."""

    USUAL = "by the usual selectors"
    WORK_IN_PROGRESS = "as work in progress alone"
    NOT = "not"


@dataclass(frozen=True)
class Facts:
    """What the broker knows around one row without a result.

    `results` are those of this very content at any provider version, `at_candidates` all that the versions which are
    there have published, `of_provider` the newest of any version. `branches` are those of the results' versions that
    are names of branches. `near_names` are pacticipants with versions whose names are spelled nearly like the
    provider's. `checked_out` is the commit that a job on a pull request works on, `main_branch` the provider's.
    """

    results: Rows = ()
    at_candidates: Rows = ()
    of_provider: Rows = ()
    branches: frozenset[str] = frozenset()
    near_names: tuple[str, ...] = ()
    selected: Selected = Selected.USUAL
    pact_url: str = ""
    repository_url: str | None = None
    main_branch: str | None = None
    checked_out: str | None = None


def explain(row: Row, target: Target, facts: Facts, *, is_asked: bool) -> tuple[Explanation, ...]:
    """Say why a row has no result, what to act on first, first. `is_asked`: the provider itself is in question."""
    why = _Why(row, target, facts, is_asked)
    if row.result is Result.ABSENT:
        return tuple(why.not_there())
    found: dict[Cause, Explanation] = {}
    for result in _newest_first(facts.results):
        told = why.elsewhere(result)
        found.setdefault(told.cause, told)
    return tuple(found[cause] for cause in Cause if cause in found) or (why.nowhere(),)


@dataclass(frozen=True)
class _Why:
    row: Row
    target: Target
    facts: Facts
    is_asked: bool

    @property
    def _here(self) -> str:
        """The version that counts, the first one without a result where there are several."""
        return self.row.candidates[0] if self.row.candidates else ""

    @property
    def _counts(self) -> str:
        """Say which version counts, and why."""
        named = " and ".join(map(short, self.row.candidates))
        return f"{named} ({'in question' if self.is_asked else _at(self.target)})"

    @property
    def _then(self) -> str:
        """Say what follows a verification where no version is there."""
        if self.row.result is not Result.ABSENT or self.target.kind is not TargetKind.ENVIRONMENT:
            return ""
        return f", deploy a version that passes to {self.target}, and record it (actions/record-deployment)"

    @property
    def _pact(self) -> str:
        return f"the pact of {self.row.consumer} {short(self.row.consumer_version)}"

    @property
    def _provider(self) -> str:
        return f"{self.row.provider} {' and '.join(map(short, self.row.candidates))}".strip()

    def _verified(self, cause: Cause, sentence: str, mend: str, version: str | None = None) -> Explanation:
        """Give a cause that a verification mends, of the version that counts unless another is named."""
        row, facts, version = self.row, self.facts, self._here if version is None else version
        missing = mending.missing_result(row.consumer, row.consumer_version, row.provider, version, facts.pact_url)
        command = mending.verify(missing, facts.repository_url)
        return Explanation(cause, sentence, mend, command, "" if command.startswith("gh ") else row.provider)

    # --- no provider version is there

    def not_there(self) -> Iterator[Explanation]:
        row, near = self.row, self.facts.near_names
        if near:
            yield Explanation(
                Cause.PROVIDER_NAME,
                f"{_upper(self._pact)} calls its provider {row.provider!r}; what has versions in the broker is "
                f"{near[0]!r}, another pacticipant to it.",
                f"Write one name everywhere: in the pact test of {row.consumer} and wherever {row.provider!r} stands.",
                mending.find(row.provider),
                row.consumer,
            )
            return
        known = next((each for each in _newest_first(self.facts.results) if each.result is Result.PASSED), None)
        if known is None and not self.facts.of_provider:
            yield self._never()
            return
        yield self._absent(known.provider_version if known else None)

    def _absent(self, known: str | None) -> Explanation:
        row = self.row
        there = f"No version of {row.provider} is {self.target.place}"
        environment = self.target.kind is TargetKind.ENVIRONMENT
        if known and environment:
            return Explanation(
                Cause.NOT_THERE,
                f"{there}, as far as the broker was told; its version {short(known)} has passed {self._pact}.",
                f"Deploy {short(known)} first; if it, or another version, is there already, record that.",
                mending.record(row.provider, known, self.target.name),
            )
        verified = f"; its version {short(known)} has passed {self._pact}" if known else ""
        return self._verified(
            Cause.NOT_THERE,
            f"{there}, as far as the broker was told{verified}.",
            f"Verify the version of {row.provider} that is meant to be there{self._then}.",
            known or "",
        )

    # --- this content has results, of other versions

    def elsewhere(self, found: Row) -> Explanation:
        """Say how the version that has a result differs from the one that counts."""
        version = found.provider_version or ""
        spelled = next((each for each in self.row.candidates if is_same_version(each, version)), None)
        if spelled is not None:
            return self._spelled(spelled, version)
        if is_branch_name(version) or version in self.facts.branches:
            return self._verified(
                Cause.BRANCH_AS_VERSION,
                f"The result is kept under {version!r}, the name of a branch: which commit was verified nobody can "
                f"tell. {self._counts} has none.",
                "Leave the `version` of the verification out (the commit's SHA is taken), and verify what counts.",
            )
        merge = self._merge(found)
        if merge:
            return self._verified(
                Cause.MERGE_COMMIT,
                f"The result is kept under {short(version)}, {merge}. {self._counts} has none.",
                "Verify what counts. On a pull request leave `version` out, and its head's SHA is taken.",
            )
        return self._other_version(found)

    def _spelled(self, counts: str, version: str) -> Explanation:
        row, cause = self.row, Cause.VERSION_SPELLING
        sentence = (
            f"The result is kept under {version!r}, another spelling of {counts!r}, which counts; to the broker they "
            "are two versions."
        )
        mend = "Write the commit's full SHA everywhere, as the actions do by default. Now:"
        if is_full_sha(version) and self.is_asked:  # it is the other one that is to be mended
            again = mending.ask_again(row.provider, version, self.target)
            return Explanation(cause, sentence, f"{mend} ask about {version!r}.", again)
        if is_full_sha(version) and self.target.kind is TargetKind.ENVIRONMENT:
            record = mending.record(row.provider, version, self.target.name)
            return Explanation(cause, sentence, f"{mend} record {version!r}.", record)
        return self._verified(cause, sentence, f"{mend} verify under {counts!r}.", counts)

    def _merge(self, found: Row) -> str:
        """Say why a version is a merge commit's, empty where nothing says so."""
        version = found.provider_version or ""
        if version == self.facts.checked_out:
            return "the merge commit of this pull request, which nobody deploys"
        if any(map(_MERGE_BRANCH.fullmatch, found.provider_branches)):
            return f"the merge commit of a pull request ({found.provider_branches[0]}), which nobody deploys"
        if is_full_sha(version) and not found.provider_branches and self.facts.main_branch:
            return (
                "which is on no branch in the broker (the merge commit of a pull request, or of a run that did not say "
                "its branch)"
            )
        return ""

    def _other_version(self, found: Row) -> Explanation:
        version = short(found.provider_version or "")
        on = f" (on {found.provider_branches[0]})" if found.provider_branches else ""
        said = "has passed it" if found.result is Result.PASSED else "has failed it"
        ahead = bool(self.facts.main_branch) and self.facts.main_branch in found.provider_branches
        main = ": the main branch is ahead" if ahead and self.target.kind is not TargetKind.MAIN_BRANCH else ""
        first = (
            f", or deploy {version} first"
            if found.result is Result.PASSED and self.target.kind is TargetKind.ENVIRONMENT and not self.is_asked
            else ""
        )
        return self._verified(
            Cause.OTHER_VERSION,
            f"{version}{on} {said}, {self._counts} was not verified{main}.",
            f"Verify {short(self._here)} as well, as verify-changed-pact.yml does{first}.",
        )

    # --- this content has no result at all

    def nowhere(self) -> Explanation:
        """Say why nobody has a result for this content."""
        facts = self.facts
        if not facts.at_candidates:
            return self._not_published() if facts.of_provider else self._never()
        if facts.selected is not Selected.USUAL:
            return self._not_selected()
        other = next((each for each in facts.at_candidates if each.consumer == self.row.consumer), None)
        return self._other_content(other) if other else self._not_asked()

    def _never(self) -> Explanation:
        row = self.row
        return self._verified(
            Cause.NEVER_VERIFIED,
            f"{row.provider} has never published a result, for {row.consumer} or anybody else.",
            f"Have {row.provider} verified in its own workflow (actions/verify, or verify-provider.yml){self._then}.",
        )

    def _not_published(self) -> Explanation:
        last = next(iter(_newest_first(self.facts.of_provider)))
        return self._verified(
            Cause.NOT_PUBLISHED,
            f"{self._provider} has published no result of any pact, though {short(last.provider_version or '')} has: "
            "its verification did not run, or did not publish (a local run, `publish-results: false`, a token that may "
            "only read).",
            "Run it in the provider's workflow, with `publish-results: true` and a token that may write.",
        )

    def _not_selected(self) -> Explanation:
        usual = "no usual selector takes it in (main branch, same branch, deployed or released)"
        if self.facts.selected is Selected.WORK_IN_PROGRESS:
            why = f"is work in progress to {self.row.provider}: {usual}"
        else:
            why = f"is one that {self.row.provider} does not select: {usual}, nor is it the newest of a branch"
        return self._verified(
            Cause.WORK_IN_PROGRESS,
            f"{_upper(self._pact)} {why}, so {self._provider} has verified others and not this one.",
            "Verify it by its address; or let the provider's verification take it in (`wip-since`, `selectors`).",
        )

    def _other_content(self, other: Row) -> Explanation:
        return self._verified(
            Cause.OTHER_CONTENT,
            f"{self._provider} has verified what {other.consumer} {short(other.consumer_version)} needs; "
            f"{self._pact} has another content, which nobody has verified.",
            f"Verify it at {short(self._here)}. actions/trigger-verification, or a webhook, asks for that each time.",
        )

    def _not_asked(self) -> Explanation:
        others = _named(each.consumer for each in self.facts.at_candidates)
        return self._verified(
            Cause.NOT_ASKED,
            f"{self._provider} has verified the pacts of others ({others}), and never one of {self.row.consumer}: it "
            "was verified before this pact was there.",
            f"Verify it at {short(self._here)}. actions/trigger-verification, or a webhook, asks for that each time.",
        )


def spelled_otherwise(pacticipant: str, version: str, known: str, target: Target) -> Explanation:
    """Say that the version in question is in the broker under another spelling."""
    return Explanation(
        Cause.VERSION_SPELLING,
        f"The broker has {known!r} of {pacticipant}, another spelling of {version!r}; to it they are two versions.",
        "Publish, verify and ask under one spelling: the commit's full SHA, which the actions take by default.",
        mending.ask_again(pacticipant, known, target),
    )


def published_by_branch(pacticipant: str, version: str, known: str) -> Explanation:
    """Say that what was published stands under the name of a branch."""
    return Explanation(
        Cause.BRANCH_AS_VERSION,
        f"The broker has a version {known!r} of {pacticipant}, the name of a branch, and none of {short(version)}.",
        "Publish under the commit's full SHA: leave the `version` out.",
        mending.publish(version),
        pacticipant,
    )


def published_by_merge(pacticipant: str, version: str, known: str) -> Explanation:
    """Say that what was published stands under the merge commit of the pull request."""
    return Explanation(
        Cause.MERGE_COMMIT,
        f"The broker has {short(known)} of {pacticipant}, the merge commit of this pull request, and not its head, "
        f"{short(version)}.",
        "Publish under the head's SHA: leave the `version` out, and actions/publish takes it.",
        mending.publish(version),
        pacticipant,
    )


def without_pacts(consumer: str, version: str, known: Iterable[str], target: Target, *, is_there: bool) -> Explanation:
    """Say that a consumer's version has no pacts, so that no gate compares it. `known` are versions that have some."""
    others = list(known)
    same = next((each for each in others if is_same_version(each, version)), None)
    there = f"is {target.place} and " if is_there else ""
    unseen = f"{consumer} {short(version)} {there}has no pacts in the broker, so no gate compares it"
    if same is None:
        return Explanation(
            Cause.WITHOUT_PACTS,
            f"{unseen}; {short(others[0]) if others else 'an older version'} has some.",
            "Publish the pacts of that commit under this version.",
            mending.publish(version),
            consumer,
        )
    return Explanation(
        Cause.WITHOUT_PACTS,
        f"{unseen}; {same!r}, another spelling of it, has some.",
        f"{'Record' if is_there else 'Ask about'} the version under which its pacts were published.",
        mending.record(consumer, same, target.name) if is_there else mending.ask_again(consumer, same, target),
    )


def _at(target: Target) -> str:
    return {
        TargetKind.ENVIRONMENT: f"in {target}",
        TargetKind.MAIN_BRANCH: "at the head of the main branch",
        TargetKind.BRANCH: f"at the head of {target}",
        TargetKind.TAG: f"with the {target}",
    }[target.kind]


def _newest_first(rows: Iterable[Row]) -> list[Row]:
    return sorted((row for row in rows if row.provider_version), key=lambda row: row.verified_at or "", reverse=True)


def _named(names: Iterable[str]) -> str:
    distinct = sorted(set(names))
    more = f" and {len(distinct) - _MOST_NAMED} more" if len(distinct) > _MOST_NAMED else ""
    return ", ".join(distinct[:_MOST_NAMED]) + more


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
