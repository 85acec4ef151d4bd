"""The embedded broker and a real one, driven through the same random sequences, decide the same at every step.

What they list is compared as well: every key, link and value of the real broker's documents (golden.compare).

`PACT_GATE_EXAMPLES=2000` makes it a search of that many sequences, each time others; without it, the same few are run
each time, so that it never fails by chance. A counter-example is printed as the steps that lead to it: write them as a
scenario of questions.py, record it (README.md), then mend the embedded broker.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from golden import Answer, Broker, compare, pact_file, quote
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, multiple, rule, run_state_machine_as_test
from tests.conformance.brokers import pact_broker, postgresql

SEARCH = os.environ.get("PACT_GATE_EXAMPLES")
SETTINGS = settings(
    max_examples=int(SEARCH or 8),
    stateful_step_count=50,
    derandomize=SEARCH is None,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

# Names with spaces, slashes, signs and other letters, so that whatever is put into an address has to be escaped. Only
# one part of an address has letters that are no ASCII: a real broker fails at two (docs/deviations.md).
CONSUMERS, PROVIDERS = ("a", "b/ä 1"), ("p", "q & 商")
consumers, providers = st.sampled_from(CONSUMERS), st.sampled_from(PROVIDERS)
CONSUMER_VERSIONS, PROVIDER_VERSIONS = ("1", "2/b", "3 c"), ("x1", "x/2", "x+3")
consumer_versions, provider_versions = st.sampled_from(CONSUMER_VERSIONS), st.sampled_from(PROVIDER_VERSIONS)
versions = st.tuples(consumers, consumer_versions) | st.tuples(providers, provider_versions)
applications = st.sampled_from(CONSUMERS + PROVIDERS)
branches = st.sampled_from(("main", "feat/x", "b & c"))
tags = st.sampled_from(("dev", "prod/1 %"))
environments = st.sampled_from(("test", "live"))
yes_or_no = st.booleans()

Selector = dict[str, Any]
Query = list[tuple[str, str]]

verification_selectors = st.one_of(
    st.just({"mainBranch": True}),
    st.just({"matchingBranch": True}),
    st.just({"deployed": True}),
    st.just({"released": True}),
    st.just({"deployedOrReleased": True}),
    st.just({"latest": True}),
    st.builds(lambda branch: {"branch": branch}, branches),
    st.builds(lambda branch, other: {"branch": branch, "fallbackBranch": other}, branches, branches),
    st.builds(lambda tag: {"tag": tag}, tags),
    st.builds(lambda tag: {"tag": tag, "latest": True}, tags),
    st.builds(lambda tag, other: {"tag": tag, "latest": True, "fallbackTag": other}, tags, tags),
    st.builds(lambda environment: {"environment": environment}, environments),
    st.builds(lambda environment: {"environment": environment, "deployed": True}, environments),
    st.builds(lambda environment: {"environment": environment, "released": True}, environments),
    st.builds(lambda consumer: {"consumer": consumer, "latest": True}, consumers),
    st.builds(lambda consumer: {"consumer": consumer, "mainBranch": True}, consumers),
    st.builds(lambda consumer: {"consumer": consumer, "deployedOrReleased": True}, consumers),
    st.builds(lambda consumer, branch: {"consumer": consumer, "branch": branch}, consumers, branches),
)
# What may follow the name of a pacticipant in a question to the matrix, and where it may be said to go.
heads = st.one_of(
    st.builds(lambda branch: [("branch", branch)], branches),
    st.builds(lambda branch: [("branch", branch), ("latest", "true")], branches),
    st.builds(lambda tag: [("tag", tag)], tags),
    st.builds(lambda tag: [("tag", tag), ("latest", "true")], tags),
    st.just([("latest", "true")]),
    st.just([("mainBranch", "true")]),
    st.just([("mainBranch", "true"), ("latest", "true")]),
    st.builds(lambda environment: [("environment", environment)], environments),
)
destinations = st.one_of(st.just([]), heads)


def matrix_selectors(names: st.SearchStrategy[str], numbers: st.SearchStrategy[str]) -> st.SearchStrategy[Query]:
    """A pacticipant in a question to the matrix: by name alone, with a version, or with what chooses its versions."""
    chosen = st.one_of(st.just([]), st.builds(lambda number: [("version", number)], numbers), heads)
    return st.builds(
        lambda name, parts: [(f"q[][{key}]", value) for key, value in [("pacticipant", name), *parts]], names, chosen
    )


matrix_questions = st.lists(
    matrix_selectors(consumers, consumer_versions) | matrix_selectors(providers, provider_versions),
    min_size=1,
    max_size=3,
)


class Brokers(RuleBasedStateMachine):
    """Two brokers that are told and asked the same; in each sequence under names of its own."""

    deployments: Bundle[tuple[str, ...]] = Bundle("deployments")
    releases: Bundle[tuple[str, ...]] = Bundle("releases")
    results: Bundle[tuple[str, ...]] = Bundle("results")
    sequences = itertools.count()

    def __init__(self, *addresses: str) -> None:
        super().__init__()
        sequence = f"sequence{next(self.sequences)}"
        self.brokers = [Broker(address, sequence) for address in addresses]
        self.environments = [
            answer.link("self")
            for name in ("test", "live")
            for answer in self.same(lambda b, name=name: b.environment(name, production=name == "live"))  # type: ignore[misc]
        ]

    def teardown(self) -> None:
        for broker in self.brokers:  # each version's document holds links for every environment
            for address in self.environments:
                if address.startswith(broker.base_url):
                    broker.call("DELETE", address)

    def same(self, act: Callable[[Broker], Answer | None], *, documents: bool = False) -> list[Answer]:
        """Do the same on both brokers and compare every decision; gives the last answer of each, if there is one.

        `documents`: compare the bodies as well.
        """
        answers = []
        for broker in self.brokers:
            broker.steps.clear()
            answers.append(act(broker))
        embedded, real = ([[step["label"], step["decision"]] for step in broker.steps] for broker in self.brokers)
        if not _deviates_on_purpose(embedded, real):
            assert embedded == real, f"embedded: {json.dumps(embedded)}\nreal:     {json.dumps(real)}"
        if documents:
            ours, theirs = (_steady(broker.steps) for broker in self.brokers)
            steps = zip(theirs, ours, strict=True)
            differences = [f"{step['label']}: {line}" for step, other in steps for line in compare(step, other)[1]]
            assert not differences, "\n".join(differences)
        return [answer for answer in answers if answer is not None and answer.status < 300]

    def _kept(self, answers: list[Answer]) -> Any:
        """The addresses of what was made, one for each broker, if it was made."""
        return tuple(answer.link("self") for answer in answers) if answers else multiple()

    # --- what happens ---------------------------------------------------------------------------------

    @rule(
        consumer=consumers,
        version=consumer_versions,
        to=st.lists(providers, min_size=1, max_size=2, unique=True),
        content=st.sampled_from("abc"),
        branch=st.none() | branches,
        version_tags=st.none() | st.lists(tags, max_size=2, unique=True),
    )
    def publish(
        self,
        consumer: str,
        version: str,
        to: list[str],
        content: str,
        branch: str | None,
        version_tags: list[str] | None,
    ) -> None:
        self.same(lambda b: b.publish(consumer, version, *to, content=content, branch=branch, tags=version_tags))

    @rule(consumed=st.tuples(consumers, consumer_versions), branch=branches, content=st.none() | st.sampled_from("abc"))
    def publish_to_all(self, consumed: tuple[str, str], branch: str, content: str | None) -> None:
        """A content of each version's own; or one that may overwrite what was published for the version."""
        more = {"onConflict": "overwrite"} if content else {}
        self.same(lambda b: b.publish(*consumed, *PROVIDERS, content=content or consumed[1], branch=branch, **more))

    @rule(version=consumer_versions, content=st.sampled_from("abc"))
    def put_pact(self, version: str, content: str) -> None:
        """As clients did before there was /contracts/publish: another content for a version is its next revision.

        Names that are ASCII alone (docs/deviations.md).
        """

        def act(b: Broker) -> Answer:
            pact = pact_file(b.name(CONSUMERS[0]), b.name(PROVIDERS[0]), content)
            return b.call("PUT", f"{_pair(b, CONSUMERS[0], PROVIDERS[0])}/version/{quote(version)}", pact)

        self.same(act)

    @rule(
        target=results,
        consumed=st.tuples(consumers, consumer_versions),
        provided=st.tuples(providers, provider_versions),
        success=yes_or_no,
        branch=st.none() | branches,
        version_tags=st.lists(tags, max_size=2, unique=True),
    )
    def verify(
        self,
        consumed: tuple[str, str],
        provided: tuple[str, str],
        success: bool,
        branch: str | None,
        version_tags: list[str],
    ) -> Any:
        def act(b: Broker) -> Answer | None:
            pact = b.pact(*consumed, provided[0])
            if pact.status != 200:
                return None
            for tag in version_tags:
                b.tag(*provided, tag)
            if branch:
                b.branch(*provided, branch)
            return b.publish_result(pact, provided[1], success)

        return self._kept(self.same(act))

    @rule(
        provided=st.tuples(providers, provider_versions),
        selector=verification_selectors,
        success=yes_or_no,
        branch=st.none() | branches,
        tag=st.none() | tags,
        pending=yes_or_no,
    )
    def verify_what_is_to_be_verified(
        self,
        provided: tuple[str, str],
        selector: Selector,
        success: bool,
        branch: str | None,
        tag: str | None,
        pending: bool,
    ) -> None:
        """As a verifier does, through the links of the answer, which carry what each pact was selected for."""

        def act(b: Broker) -> None:
            wip_since = "2020-01-01" if pending else None
            asked = b.for_verification(
                provided[0],
                dict(selector),
                branch=branch,
                tags=[tag] if tag else None,
                pending=pending,
                wip_since=wip_since,
            )
            if branch:
                b.branch(*provided, branch)
            if tag:
                b.tag(*provided, tag)
            for pact in asked.body["_embedded"]["pacts"] if asked.status == 200 else []:
                b.publish_result(b.call("GET", pact["_links"]["self"]["href"], record=False), provided[1], success)

        self.same(act)

    @rule(version=versions, branch=branches)
    def put_on_branch(self, version: tuple[str, str], branch: str) -> None:
        self.same(lambda b: b.branch(*version, branch))

    @rule(version=versions, tag=tags)
    def put_tag(self, version: tuple[str, str], tag: str) -> None:
        self.same(lambda b: b.tag(*version, tag))

    @rule(application=applications, branch=branches)
    def set_main_branch(self, application: str, branch: str) -> None:
        self.same(lambda b: b.call("PATCH", _path(b, application), {"mainBranch": branch}))

    @rule(
        target=deployments,
        version=versions,
        environment=environments,
        instance=st.none() | st.sampled_from(("blue", "green")),
    )
    def deploy(self, version: tuple[str, str], environment: str, instance: str | None) -> Any:
        return self._kept(self.same(lambda b: b.deploy(*version, environment, instance=instance)))

    @rule(target=releases, version=versions, environment=environments)
    def release(self, version: tuple[str, str], environment: str) -> Any:
        return self._kept(self.same(lambda b: b.release(*version, environment)))

    @rule(deployment=deployments)
    def undeploy(self, deployment: tuple[str, ...]) -> None:
        self._patch(deployment, {"currentlyDeployed": False})

    @rule(release=releases)
    def end_support(self, release: tuple[str, ...]) -> None:
        self._patch(release, {"currentlySupported": False})

    def _patch(self, addresses: tuple[str, ...], change: dict[str, bool]) -> None:
        self.same(lambda b: b.call("PATCH", _own(b, addresses), change, content_type="application/merge-patch+json"))

    # --- what is deleted ------------------------------------------------------------------------------

    @rule(result=results)
    def delete_result(self, result: tuple[str, ...]) -> None:
        self.same(lambda b: b.call("DELETE", _own(b, result), accept="*/*"))

    @rule(version=versions)
    def delete_version(self, version: tuple[str, str]) -> None:
        self.same(lambda b: b.call("DELETE", _path(b, version[0], "versions", version[1])))

    @rule(version=versions, tag=tags)
    def delete_tag(self, version: tuple[str, str], tag: str) -> None:
        self.same(lambda b: b.call("DELETE", _path(b, version[0], "versions", version[1], "tags", tag)))

    @rule(application=applications, branch=branches)
    def delete_branch(self, application: str, branch: str) -> None:
        self.same(lambda b: b.call("DELETE", _path(b, application, "branches", branch)))

    @rule(version=versions, branch=branches)
    def take_from_branch(self, version: tuple[str, str], branch: str) -> None:
        self.same(lambda b: b.call("DELETE", _path(b, version[0], "branches", branch, "versions", version[1])))

    @rule(consumer=consumers, version=consumer_versions, provider=providers)
    def delete_pact(self, consumer: str, version: str, provider: str) -> None:
        self.same(lambda b: b.call("DELETE", f"{_pair(b, consumer, provider)}/version/{quote(version)}", accept="*/*"))

    @rule(consumer=consumers, provider=providers, which=st.sampled_from(("versions", "integration")))
    def delete_all_between(self, consumer: str, provider: str, which: str) -> None:
        def act(b: Broker) -> Answer:
            pair = _pair(b, consumer, provider)
            path = f"{pair}/versions" if which == "versions" else pair.replace("/pacts/", "/integrations/", 1)
            return b.call("DELETE", path, accept="*/*")

        self.same(act)

    @rule(consumer=consumers, provider=providers, tag=tags)
    def delete_tagged_pacts(self, consumer: str, provider: str, tag: str) -> None:
        self.same(lambda b: b.call("DELETE", f"{_pair(b, consumer, provider)}/tag/{quote(tag)}", accept="*/*"))

    @rule(application=applications)
    def delete_pacticipant(self, application: str) -> None:
        self.same(lambda b: b.call("DELETE", _path(b, application)))

    # --- what is asked --------------------------------------------------------------------------------

    @rule(version=versions, environment=environments, ignored=st.none() | applications)
    def can_i_deploy(self, version: tuple[str, str], environment: str, ignored: str | None) -> None:
        self.same(lambda b: b.can_i_deploy(*version, environment, ignore=(ignored,) if ignored else ()))

    @rule(environment=environments)
    def can_any_be_deployed(self, environment: str) -> None:
        """The gate's question for every version that there may be: whatever went wrong before shows here."""

        def act(b: Broker) -> None:
            for application, numbers in ((CONSUMERS, CONSUMER_VERSIONS), (PROVIDERS, PROVIDER_VERSIONS)):
                for name, number in itertools.product(application, numbers):
                    b.can_i_deploy(name, number, environment)

        self.same(act)

    @rule(version=versions)
    def can_i_merge(self, version: tuple[str, str]) -> None:
        self.same(lambda b: b.can_i_merge(*version))

    @rule(
        version=versions,
        to=st.builds(lambda name: ("environment", name), environments) | st.builds(lambda name: ("to", name), tags),
    )
    def can_i_deploy_in_short(self, version: tuple[str, str], to: tuple[str, str]) -> None:
        def act(b: Broker) -> Answer:
            key, name = to
            where = b.name(name) if key == "environment" else name
            asked = f"pacticipant={quote(b.name(version[0]))}&version={quote(version[1])}"
            return b.call("GET", f"/can-i-deploy?{asked}&{key}={quote(where)}")

        self.same(act)

    @rule(
        selectors=matrix_questions,
        latestby=st.sampled_from((None, "cvpv", "cvp", "cp")),
        destination=destinations,
        ignored=st.none() | st.tuples(applications) | versions,
    )
    def matrix(
        self, selectors: list[Query], latestby: str | None, destination: Query, ignored: tuple[str, ...] | None
    ) -> None:
        question = [pair for selector in selectors for pair in selector] + destination
        question += [("latestby", latestby)] if latestby else []
        question += list(zip(("ignore[][pacticipant]", "ignore[][version]"), ignored or (), strict=False))
        self.same(lambda b: b.matrix([(key, _named(b, key, value)) for key, value in question]))

    @rule(
        provider=providers,
        selectors=st.lists(verification_selectors, max_size=3),
        branch=st.none() | branches | st.just("new"),
        provider_tags=st.none() | st.lists(tags, min_size=1, max_size=2, unique=True),
        pending=yes_or_no,
        wip=yes_or_no,
    )
    def for_verification(
        self,
        provider: str,
        selectors: list[Selector],
        branch: str | None,
        provider_tags: list[str] | None,
        pending: bool,
        wip: bool,
    ) -> None:
        self.same(
            lambda b: b.for_verification(
                provider,
                *[dict(selector) for selector in selectors],
                branch=branch,
                tags=provider_tags,
                pending=pending,
                wip_since="2020-01-01" if wip else None,
            )
        )

    @rule(selectors=matrix_questions, success=st.sampled_from(("true", "false")), limit=st.none() | st.just("1000"))
    def matrix_of_some_results(self, selectors: list[Query], success: str, limit: str | None) -> None:
        question = [pair for selector in selectors for pair in selector] + [("success[]", success)]
        question += [("limit", limit)] if limit else []
        self.same(lambda b: b.matrix([(key, _named(b, key, value)) for key, value in question]))

    @rule(application=st.sampled_from((CONSUMERS[0], PROVIDERS[0])), branch=branches, environment=environments)
    def can_a_branch_be_deployed(self, application: str, branch: str, environment: str) -> None:
        """Of names that are ASCII alone: of others a real broker says yes (docs/deviations.md)."""
        parts = ("branches", branch, "latest-version", "can-i-deploy", "to-environment")
        self.same(lambda b: b.call("GET", _path(b, application, *parts, b.name(environment))))

    # --- what is listed -------------------------------------------------------------------------------

    @rule(application=applications, page=st.sampled_from(("", "?page=1&size=2", "?page=2&size=1", "?pageSize=1")))
    def list_of_a_pacticipant(self, application: str, page: str) -> None:
        def act(b: Broker) -> None:
            for list_ in ("versions", "branches"):
                b.call("GET", _path(b, application, list_) + page)
            b.call("GET", _path(b, application))
            b.call("GET", _path(b, application, "deployed-or-released", "versions"))

        self.same(act, documents=True)

    @rule(version=versions, branch=branches, tag=tags)
    def documents_of_a_version(self, version: tuple[str, str], branch: str, tag: str) -> None:
        def act(b: Broker) -> None:
            b.call("GET", _path(b, version[0], "versions", version[1]))
            b.call("GET", _path(b, version[0], "versions", version[1], "tags", tag))
            b.call("GET", _path(b, version[0], "branches", branch))
            b.call("GET", _path(b, version[0], "branches", branch, "latest-version"))
            b.call("GET", _path(b, version[0], "branches", branch, "versions", version[1]))
            b.call("GET", _path(b, version[0], "latest-version", tag))

        self.same(act, documents=True)

    @rule(provider=providers, branch=branches, tag=tags)
    def pacts_of_a_provider(self, provider: str, branch: str, tag: str) -> None:
        def act(b: Broker) -> None:
            path = f"/pacts/provider/{quote(b.name(provider))}"
            for which in ("", "/latest", f"/latest/{quote(tag)}", f"/tag/{quote(tag)}", f"/branch/{quote(branch)}"):
                b.call("GET", path + which)
            b.call("GET", f"{path}/branch/{quote(branch)}/latest")

        self.same(act, documents=True)

    @rule(consumer=consumers, provider=providers, version=consumer_versions, tag=tags, branch=branches)
    def pacts_of_a_pair(self, consumer: str, provider: str, version: str, tag: str, branch: str) -> None:
        def act(b: Broker) -> None:
            pair = _pair(b, consumer, provider)
            for which in ("/versions", "/latest", f"/latest/{quote(tag)}", f"/branch/{quote(branch)}/latest"):
                b.call("GET", pair + which)
            for which in ("", "/previous-distinct", "/verification-results/latest"):
                b.call("GET", f"{pair}/version/{quote(version)}{which}")
            consumed = f"consumer/{quote(b.name(consumer))}/version/{quote(version)}"
            b.call("GET", f"/verification-results/{consumed}/latest")

        self.same(act, documents=True)

    @rule(environment=st.sampled_from((0, 1)))
    def what_is_in_an_environment(self, environment: int) -> None:
        def act(b: Broker) -> None:
            mine = [address for address in self.environments if address.startswith(b.base_url)][environment]
            b.call("GET", f"{mine}/deployed-versions/currently-deployed")
            b.call("GET", f"{mine}/released-versions/currently-supported")

        self.same(act, documents=True)


odd_selectors = st.fixed_dictionaries(
    {},
    optional={
        **{key: st.sampled_from((True, False, "true", None)) for key in ("mainBranch", "matchingBranch", "latest")},
        **{key: st.sampled_from((True, False, 1)) for key in ("deployed", "released", "deployedOrReleased")},
        "branch": st.sampled_from(("main", "", " ", True, False, 1, None)),
        **{key: st.sampled_from(("main", "", " ", 1, None)) for key in ("tag", "fallbackTag", "fallbackBranch")},
        "environment": st.sampled_from(("sequence-test", "nowhere", "", " ", None)),
        "consumer": st.sampled_from(("sequence-a", "nobody", "", " ", None, 3)),
        "unknown": st.just(1),
    },
)


def _steady(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same with the lists that a real broker puts into no order sorted."""
    for step in steps:
        body = step["body"] or {}
        for names in (body.get("providerSummary") or {}).values():
            names.sort()
        deployed = (body.get("_links") or {}).get("pb:deployed-environments") or []
        deployed.sort(key=lambda link: (link["name"], link["href"]))
        released = (body.get("_embedded") or {}).get("releasedVersions") or []
        released.sort(key=lambda version: version["uuid"])
    return steps


def _pair(broker: Broker, consumer: str, provider: str) -> str:
    """The path of the pacts between two pacticipants."""
    return f"/pacts/provider/{quote(broker.name(provider))}/consumer/{quote(broker.name(consumer))}"


def _path(broker: Broker, pacticipant: str, *parts: str) -> str:
    """The path of something that belongs to a pacticipant."""
    return "/".join(["/pacticipants", quote(broker.name(pacticipant)), *map(quote, parts)])


def _named(broker: Broker, key: str, value: str) -> str:
    """Pacticipants and environments have names of the sequence's own; branches, tags and versions need none."""
    return broker.name(value) if key.removesuffix("]").endswith(("pacticipant", "environment")) else value


def _own(broker: Broker, addresses: tuple[str, ...]) -> str:
    """Which of the addresses is this broker's."""
    return next(address for address in addresses if address.startswith(broker.base_url))


def _deviates_on_purpose(embedded: list[list[Any]], real: list[list[Any]]) -> bool:
    """docs/deviations.md: a real broker fails (500) at `latestby=cp` where only some versions were verified."""
    (label, answered), (_, failed) = embedded[-1] if embedded else ["", {}], real[-1] if real else ["", {}]
    return "latestby=cp&" in f"{label}&" and failed["status"] == 500 and answered["status"] == 200


@pytest.fixture
def steady_broker(tmp_path: Path) -> Iterator[str]:
    """A real broker on PostgreSQL: on SQLite it mixes up documents, and so decides otherwise."""
    if "PACT_BROKER_START" not in os.environ:
        pytest.skip("PACT_BROKER_START names no command that starts a Pact Broker")
    with postgresql() as database, pact_broker(tmp_path, database) as address:
        yield address


def test_both_brokers_decide_the_same(embedded_broker: str, steady_broker: str) -> None:
    run_state_machine_as_test(lambda: Brokers(embedded_broker, steady_broker), settings=SETTINGS)  # type: ignore[no-untyped-call]


def test_both_brokers_refuse_the_same_selectors(embedded_broker: str, steady_broker: str) -> None:
    """For the same fields and with as many sentences; what they say is each broker's own."""
    both = [Broker(address, "sequence") for address in (embedded_broker, steady_broker)]
    for broker in both:
        broker.publish("a", "1", "p", branch="main", tags=["main"])
        broker.environment("test")

    @settings(SETTINGS, max_examples=int(SEARCH or 150))
    @given(
        selector=odd_selectors, branch=st.sampled_from(("main", "", " ", None)), pending=st.sampled_from((True, None))
    )
    def ask(selector: Selector, branch: str | None, pending: bool | None) -> None:
        question = {"consumerVersionSelectors": [selector], "providerVersionBranch": branch}
        question |= {"includePendingStatus": pending}
        path = "/pacts/provider/sequence-p/for-verification"
        answers = [broker.call("POST", path, question, record=False) for broker in both]
        embedded, real = ((answer.status, _refused_fields(answer)) for answer in answers)
        assert embedded == real

    ask()


def _refused_fields(answer: Answer) -> dict[str, int]:
    return {field: len(sentences) for field, sentences in answer.body.get("errors", {}).items()}
