"""A Pact Broker or PactFlow, in the words of the commands.

Links are followed by relation; a path is built only where the broker gives no relation for it (the matrix, and a
pacticipant's versions and branches, as Pact's own clients build them).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from pact_gate.broker.http import Http
from pact_gate.model.errors import BrokerError, ConflictError, InputError
from pact_gate.model.gate import MATRIX_LIMIT, Matrix, Question, Result, Row, Target, TargetKind
from pact_gate.model.pact import Pact, contradictions
from pact_gate.model.selectors import Selector

Document = Mapping[str, Any]

_BAD_REQUEST, _NOT_FOUND, _CONFLICT = 400, 404, 409
_NEWEST = 1_000  # publications among which a history is looked for, where it is to be told and not to be decided on
_LONGEST_QUERY = 4_000  # characters; the broker's own server takes 10,240, proxies often 8,000 with all else


class PublishAnswer(NamedTuple):
    """What came of publishing: the address of the pact with each provider, and the broker's warnings."""

    urls: Mapping[str, str]
    notices: tuple[str, ...]


class SelectedPact(NamedTuple):
    """A pact that the broker wants verified, and why (`reasons` are its own words)."""

    url: str
    name: str
    pending: bool = False
    wip: bool = False
    reasons: tuple[str, ...] = ()

    @property
    def consumer(self) -> str:
        """Name the consumer. In the link's title it stands in a sentence; the address holds it alone."""
        return unquote(self.url.partition("/consumer/")[2].split("/")[0])

    @property
    def content_url(self) -> str:
        """Give the address of the content alone, without why it is to be verified."""
        return content_of(self.url)


class PactDocument(NamedTuple):
    """A pact as the broker keeps it: `body` is the document, `results_url` takes its results.

    `consumer_version` is the newest one that has this content.
    """

    body: bytes
    document: Document
    results_url: str | None
    consumer_version: str


class Pacticipant(NamedTuple):
    """A service: its main branch and its repository's address, as far as the broker was told."""

    name: str
    main_branch: str | None = None
    repository_url: str | None = None


class Branch(NamedTuple):
    """A branch of a pacticipant, as the broker knows it."""

    name: str
    url: str


class Environment(NamedTuple):
    """A place to deploy to, and where the broker lists what is in it."""

    name: str
    url: str
    deployed_url: str
    released_url: str


class Presence(NamedTuple):
    """A version that is in an environment: deployed (in one application instance) or released."""

    version: str
    url: str
    instance: str | None = None


class Broker:
    """The client. Every method raises `BrokerError` when the broker cannot be reached, refuses or is none."""

    def __init__(self, http: Http) -> None:
        self._http = http

    @property
    def address(self) -> str:
        """The broker's base address, to be shown."""
        return self._http.name

    def owns(self, url: str) -> bool:
        """Say whether an address lies under this broker. Nothing is asked."""
        try:
            return bool(self._http.address(url))
        except BrokerError:
            return False

    def close(self) -> None:
        """End the conversation."""
        self._http.close()

    # --- pacts -------------------------------------------------------------------------------------------

    def publish(
        self,
        pacts: Sequence[Pact],
        *,
        version: str,
        branch: str | None,
        tags: Iterable[str],
        build_url: str | None,
        merge: bool,
    ) -> PublishAnswer:
        """Publish all pacts of one consumer under one version, in one request: all of them are taken, or none.

        Where the version has other content, `merge` adds to it.

        Raises:
            ConflictError: the version has a pact with other content, or with content that cannot be merged.
        """
        body = {
            "pacticipantName": pacts[0].consumer,
            "pacticipantVersionNumber": version,
            "tags": list(tags),
            "contracts": [_contract(pact, merge=merge) for pact in pacts],
        }
        body |= {key: value for key, value in (("branch", branch), ("buildUrl", build_url)) if value}
        try:
            answer = self._http.send("POST", self._link("pb:publish-contracts"), body)
        except BrokerError as error:
            if error.status != _CONFLICT:
                raise
            if not merge:
                raise ConflictError(error.cause, error.next_step) from error
            return self._merge(pacts, version, branch, tags, build_url)
        with _understood(self.address):
            # The links come in the order of the contracts.
            links = [link["href"] for link in answer["_links"]["pb:contracts"]]
            urls = {pact.provider: href for pact, href in zip(pacts, links, strict=True)}
            return PublishAnswer(urls, tuple(_warnings(answer.get("notices", []))))

    def _merge(
        self, pacts: Sequence[Pact], version: str, branch: str | None, tags: Iterable[str], build_url: str | None
    ) -> PublishAnswer:
        """Add to the pacts that the version has, one by one.

        A Pact Broker refuses other content in one publication of all (409), even where its contracts say that they are
        to be merged (`onConflict`), unless it is set up to let contracts be modified.
        """
        for pact in pacts:
            # Asked to merge, a broker replaces an interaction of which only the response is another.
            there = self.published_pact(pact.consumer, pact.provider, version)
            if there and contradictions(there, pact.document):
                raise ConflictError("The broker has other content under this version.", "A version must be one commit.")
        urls = {pact.provider: self._add(pact, version) for pact in pacts}
        if branch:
            self.put_branch(pacts[0].consumer, version, branch)
        if build_url:
            self.put_version(pacts[0].consumer, version, build_url)
        for tag in tags:
            self.put_tag(pacts[0].consumer, version, tag)
        return PublishAnswer(urls, ())

    def _add(self, pact: Pact, version: str) -> str:
        try:
            answer = self._http.send("PATCH", self._pact_link(pact.consumer, pact.provider, version), pact.document)
        except BrokerError as error:
            if error.status == _CONFLICT:
                raise ConflictError(error.cause, error.next_step) from error
            raise
        with _understood(self.address):
            return str(answer["_links"]["self"]["href"])

    def published_pact(self, consumer: str, provider: str, version: str) -> Document | None:
        """Give the pact of one consumer version as it stands in the broker, None where there is none."""
        return self._found(self._pact_link(consumer, provider, version))

    def pact_url(self, consumer: str, provider: str, version: str) -> str:
        """Give the address of the pact of one consumer version; there need not be one."""
        return self._pact_link(consumer, provider, version)

    def content_url(self, consumer: str, provider: str, version: str) -> str:
        """Give the address of the content that a consumer version's pact has: equal content has the same one."""
        document = self._document(self._pact_link(consumer, provider, version))
        with _understood(self.address):
            links = document["_links"]
            return _text((links.get("pb:pact-version") or links["self"])["href"])

    def _pact_link(self, consumer: str, provider: str, version: str) -> str:
        return self._link("pb:publish-pact", provider=provider, consumer=consumer, consumerApplicationVersion=version)

    def pacts_for_verification(
        self,
        provider: str,
        selectors: Sequence[Selector],
        *,
        branch: str | None,
        tags: Sequence[str] = (),
        pending: bool = False,
        wip_since: str | None = None,
    ) -> tuple[SelectedPact, ...]:
        """Ask which pacts a provider is to verify (https://docs.pact.io/pact_broker/advanced_topics/provider_verification_results).

        Raises:
            InputError: the broker refuses the selectors.
        """
        body = {
            "consumerVersionSelectors": [dict(selector) for selector in selectors],
            "providerVersionBranch": branch,
            "providerVersionTags": list(tags),
            "includePendingStatus": pending,
            "includeWipPactsSince": wip_since,
        }
        link = self._link("pb:provider-pacts-for-verification", provider=provider)
        try:
            answer = self._http.send("POST", link, {key: value for key, value in body.items() if value is not None})
        except BrokerError as error:
            if error.status == _BAD_REQUEST:
                raise InputError(error.cause, "Mend the input `selectors`, `branch` or `wip-since`.") from error
            if error.status == _NOT_FOUND:  # a provider that no consumer has published a pact with yet
                return ()
            raise
        with _understood(self.address):
            return tuple(_selected(item) for item in answer["_embedded"]["pacts"])

    def unverified(self, provider: str, version: str, pacts: Iterable[SelectedPact]) -> list[SelectedPact]:
        """Give those of a provider's pacts whose content has no result of this version of it. One request."""
        rows = self._ask(_selectors([(provider, version)]), Question()).rows
        with _understood(self.address):
            known = {content_of(row.result_url) for row in rows if row.result_url}
            return [pact for pact in pacts if pact.content_url not in known]

    def pact(self, url: str) -> PactDocument:
        """Fetch one pact, by a link of the broker."""
        response = self._http.request("GET", url)
        document = self._http.decode(response)
        with _understood(self.address):
            links = document["_links"]
            results = links.get("pb:publish-verification-results", {}).get("href")
            return PactDocument(response.content, document, results, links["pb:consumer-version"]["name"])

    def publish_result(self, results_url: str, result: Document) -> str | None:
        """Publish the result of one pact's verification and give its address."""
        answer = self._http.send("POST", results_url, result)
        with _understood(self.address):
            found = answer["_links"].get("self", {}).get("href")
            return str(found) if found else None

    def provider_contract_link(self, provider: str) -> str:
        """Give the address that takes a provider's contract. Only PactFlow has one.

        Raises:
            InputError: this broker has none.
        """
        with _understood(self.address):
            known = "pf:publish-provider-contract" in self._index["_links"]
        if not known:
            raise InputError(
                f"The broker at {self.address} takes no provider contracts (it has no `pf:publish-provider-contract`).",
                "Leave `publish-contract` out: of the brokers, PactFlow alone takes them.",
            )
        return self._link("pf:publish-provider-contract", provider=provider)

    def publish_provider_contract(  # noqa: PLR0913 - what a contract is published with
        self,
        provider: str,
        content: bytes,
        *,
        content_type: str,
        version: str,
        branch: str | None,
        tags: Iterable[str],
        build_url: str | None,
    ) -> None:
        """Publish an OpenAPI document as a provider's contract, as `pact pactflow publish-provider-contract` does.

        Nothing is said of tests that held the provider to it (`selfVerificationResults`): none were run here.
        """
        contract = {
            "content": base64.b64encode(content).decode(),
            "contentType": content_type,
            "specification": "oas",
        }
        body: dict[str, Any] = {"pacticipantVersionNumber": version, "contract": contract}
        optional = (("branch", branch), ("tags", list(tags)), ("buildUrl", build_url))
        body |= {key: value for key, value in optional if value}
        self._http.send("POST", self.provider_contract_link(provider), body)

    # --- versions ----------------------------------------------------------------------------------------

    def put_version(self, pacticipant: str, version: str, build_url: str | None) -> None:
        """Create a version, or set its build's address."""
        link = self._link("pb:pacticipant-version", pacticipant=pacticipant, version=version)
        self._http.send("PUT", link, {"buildUrl": build_url} if build_url else {})

    def put_branch(self, pacticipant: str, version: str, branch: str) -> None:
        """Say that a version is on a branch; both are created where they are not there."""
        link = self._link("pb:pacticipant-branch-version", pacticipant=pacticipant, branch=branch, version=version)
        self._http.send("PUT", link, {})

    def put_tag(self, pacticipant: str, version: str, tag: str) -> None:
        """Tag a version; it is created where it is not there."""
        self._http.send(
            "PUT", self._link("pb:pacticipant-version-tag", pacticipant=pacticipant, version=version, tag=tag), {}
        )

    def version(self, pacticipant: str, version: str) -> Document | None:
        """Give a version's document, None where the broker does not know it."""
        return self._found(self._link("pb:pacticipant-version", pacticipant=pacticipant, version=version))

    def has_pacts(self, known: Document) -> bool:
        """Say whether a version (its document, or its item in a list) has a pact with some provider."""
        with _understood(self.address):
            return bool(known["_links"].get("pb:pact-versions"))

    def branches_of(self, pacticipant: str, version: str) -> list[str] | None:
        """Name the branches that a version is on, None where the broker does not know the version."""
        document = self.version(pacticipant, version)
        if document is None:
            return None
        with _understood(self.address):
            return [_text(branch["name"]) for branch in document.get("_embedded", {}).get("branchVersions", [])]

    def providers_of(self, consumer: str, version: str) -> list[str]:
        """Name the providers with which a consumer version has a pact."""
        links = ((self.version(consumer, version) or {}).get("_links") or {}).get("pb:pact-versions", [])
        with _understood(self.address):
            # The links name consumer and provider in a sentence alone; their addresses hold both.
            return sorted({unquote(_text(link["href"]).split("/provider/")[1].split("/")[0]) for link in links})

    def newest_versions(self, pacticipant: str, most: int) -> dict[str, bool]:
        """Give the newest versions of a service, the newest first, and whether each has pacts."""
        link = self._link("pb:pacticipant", pacticipant=pacticipant) + "/versions"
        with _understood(self.address):
            found = self._document(link, page="1", size=str(most))["_embedded"]["versions"]
            return {_text(item["number"]): self.has_pacts(item) for item in found}

    def consumers_of(self, provider: str) -> dict[str, str]:
        """Give the consumers that have a pact with a provider, each with the newest version that has one."""
        document = self._found(self._link("pb:latest-provider-pacts", provider=provider)) or {"_links": {}}
        with _understood(self.address):
            links = document["_links"].get("pb:pacts", [])
            return {_text(link["name"]): unquote(_text(link["href"]).rpartition("/version/")[2]) for link in links}

    def has_branch(self, pacticipant: str, name: str) -> bool:
        """Say whether a service has a branch of this name."""
        return self._found(self._link("pb:pacticipant-branch", pacticipant=pacticipant, branch=name)) is not None

    def pacticipant(self, name: str) -> Pacticipant | None:
        """Give what the broker knows of a service, None where it does not know it."""
        document = self._found(self._link("pb:pacticipant", pacticipant=name))
        if document is None:
            return None
        return Pacticipant(name, document.get("mainBranch"), document.get("repositoryUrl"))

    def has_versions(self, pacticipant: str) -> bool:
        """Say whether the broker knows any version of a service; consumers name some that it has never heard from."""
        link = self._link("pb:pacticipant", pacticipant=pacticipant) + "/versions"
        with _understood(self.address):
            return bool(self._document(link, page="1", size="1")["_embedded"]["versions"])

    def branches(self, pacticipant: str) -> list[Branch]:
        """Give all branches of a service."""
        link = self._link("pb:pacticipant", pacticipant=pacticipant) + "/branches"
        with _understood(self.address):
            return [
                Branch(_text(item["name"]), _text(item["_links"]["self"]["href"]))
                for item in self._embedded(link, "branches")
            ]

    def delete_branch(self, branch: Branch) -> None:
        """Forget a branch. Its versions stay, with their pacts and results."""
        self._http.request("DELETE", branch.url)

    def pacticipants(self) -> list[str]:
        """Name all pacticipants."""
        with _understood(self.address):
            return [_text(item["name"]) for item in self._embedded(self._link("pb:pacticipants"), "pacticipants")]

    # --- the gate ----------------------------------------------------------------------------------------

    def matrix(self, question: Question) -> Matrix:
        """Ask what is known of the versions in question and those they will meet."""
        if question.target.kind is TargetKind.BRANCH:
            return self._with_heads(question)
        return self._ask([*_selectors(question.asked), *_target(question.target)], question)

    def _with_heads(self, question: Question) -> Matrix:
        """Ask about the heads of a branch, naming each pacticipant that may have one.

        The broker takes a target `branch` for nothing and answers for the latest versions of all. Asked about one
        version alone, it does not say which pacts of the heads that version has never verified. Its own word is of no
        use here: it is no as soon as one of those named has no such branch.
        """
        asked = dict(question.asked)
        heads = [_head(name, question.target.name) for name in self._partners(asked)]
        answers = [self._ask([*_selectors(question.asked), *some], question) for some in _portions(heads)]
        rows = {
            (row.consumer, row.consumer_version, row.provider, row.provider_version): row
            for answer in answers
            for row in answer.rows
            if row.consumer in asked or row.provider in asked
        }
        known = all(self.version(name, version) is not None for name, version in question.asked)
        return Matrix(None if known else False, tuple(rows.values()), cut=any(answer.cut for answer in answers))

    def _partners(self, asked: Mapping[str, str]) -> list[str]:
        """Name the pacticipants that have, or had, a contract with one of those in question."""
        pairs = self.integrations()
        return sorted({name for pair in pairs if not asked.keys().isdisjoint(pair) for name in pair} - asked.keys())

    def integrations(self) -> list[tuple[str, str]]:
        """Give the pairs of consumer and provider that have, or had, a contract."""
        with _understood(self.address):
            return [
                (_text(item["consumer"]["name"]), _text(item["provider"]["name"]))
                for item in self._embedded(self._link("pb:integrations"), "integrations")
            ]

    def _ask(self, query: list[tuple[str, str]], question: Question, limit: int = MATRIX_LIMIT) -> Matrix:
        ignored = [("ignore[][pacticipant]", name) for name in question.ignore]
        parameters = [*query, *ignored, ("latestby", "cvpv"), ("limit", str(limit))]
        answer = self._document(f"/matrix?{_query(parameters)}")
        with _understood(self.address):
            summary = answer["summary"]
            rows = tuple(_row(item) for item in answer["matrix"])
            places = {
                place["name"]: place["_links"]["self"]["href"]
                for item in answer["matrix"]
                for place in (item["provider"].get("version") or {}).get("environments", [])
            }
            return Matrix(summary["deployable"], rows, len(rows) >= MATRIX_LIMIT, places.get(question.target.name))

    def results_elsewhere(self, consumer: str, version: str, provider: str) -> tuple[str, ...]:
        """Name the provider versions, anywhere, that have passed the pact of a consumer version."""
        rows = self.results_of(consumer, version, provider)
        return tuple(row.provider_version for row in rows if row.result is Result.PASSED and row.provider_version)

    def results_of(self, consumer: str, version: str, provider: str) -> tuple[Row, ...]:
        """Give the results that the content of one pact has, of any provider version."""
        query = [*_selectors([(consumer, version)]), ("q[][pacticipant]", provider)]
        return tuple(row for row in self._ask(query, Question()).rows if row.provider_version)

    def results_by(self, provider: str, version: str | None = None) -> tuple[Row, ...]:
        """Give the results that a provider has published, of one version or the newest of all, for whatever pact."""
        query = _selectors([(provider, version)]) if version else [("q[][pacticipant]", provider)]
        rows = self._ask(query, Question(), limit=MATRIX_LIMIT if version else _NEWEST).rows
        return tuple(row for row in rows if row.provider == provider and row.provider_version)

    def results(self, consumer: str, version: str) -> tuple[Row, ...]:
        """Give a row for each result of each of a consumer version's pacts, and one for each pact that has none.

        Raises:
            InputError: the broker does not know the consumer.
        """
        try:
            rows = self._ask(_selectors([(consumer, version)]), Question()).rows
        except BrokerError as error:
            if error.status != _BAD_REQUEST:
                raise
            raise unknown("pacticipant", consumer, self.pacticipants()) from error
        return tuple(row for row in rows if row.consumer == consumer)

    def failures(self, result_url: str) -> tuple[str, ...]:
        """Say what a published result found, one sentence for each test that failed, as far as its verifier told."""
        tests = self._document(result_url).get("testResults")
        with _understood(self.address):
            failed = [each for each in tests if not each.get("success", True)] if isinstance(tests, list) else []
            return tuple(filter(None, map(_failure, failed)))

    def versions_in(self, environment_url: str) -> Mapping[str, set[str]]:
        """Give each pacticipant's versions that are deployed, or released and supported, in an environment."""
        found: dict[str, set[str]] = {}
        lists = (
            ("deployed-versions/currently-deployed", "deployedVersions"),
            ("released-versions/currently-supported", "releasedVersions"),
        )
        with _understood(self.address):
            for path, relation in lists:
                for item in self._embedded(f"{environment_url}/{path}", relation):
                    inside = item["_embedded"]
                    found.setdefault(inside["pacticipant"]["name"], set()).add(_text(inside["version"]["number"]))
        return found

    def head(self, target: Target, pacticipant: str) -> str | None:
        """Name the version of a pacticipant that a branch or a tag points to."""
        document = self._found(self._head_link(target, pacticipant))
        with _understood(self.address):
            return str(document["number"]) if document else None

    def _head_link(self, target: Target, pacticipant: str) -> str:
        if target.kind is TargetKind.TAG:
            return self._link("pb:latest-tagged-version", pacticipant=pacticipant, tag=target.name)
        branch = target.name
        if target.kind is TargetKind.MAIN_BRANCH:
            about = self.pacticipant(pacticipant)
            branch = (about and about.main_branch) or "main"
        return self._link("pb:pacticipant-branch", pacticipant=pacticipant, branch=branch) + "/latest-version"

    # --- environments ------------------------------------------------------------------------------------

    def environments(self) -> dict[str, Environment]:
        """Give all environments by their names."""
        with _understood(self.address):
            found = map(_environment, self._embedded(self._link("pb:environments"), "environments"))
            return {environment.name: environment for environment in found}

    def environment(self, name: str) -> Environment:
        """Give one environment.

        Raises:
            InputError: there is none of this name.
        """
        known = self.environments()
        if name not in known:
            raise unknown("environment", name, known)
        return known[name]

    def create_environment(self, name: str) -> Environment:
        """Create an environment. It is for production when its name says so, as a person would read it.

        Raises:
            InputError: the broker takes no such name (it may hold no spaces).
        """
        body = {"name": name, "displayName": name, "production": name.lower() in ("production", "prod", "live")}
        try:
            answer = self._http.send("POST", self._link("pb:environments"), body)
        except BrokerError as error:
            if error.status == _BAD_REQUEST:
                raise InputError(error.cause, "Choose another name for the environment.") from error
            raise
        with _understood(self.address):
            return _environment(answer)

    def deployed(self, environment: Environment, pacticipant: str) -> list[Presence]:
        """Give what is deployed of a pacticipant, one for each application instance."""
        return self._presences(environment.deployed_url, "deployedVersions", pacticipant)

    def released(self, environment: Environment, pacticipant: str) -> list[Presence]:
        """Give what is released of a pacticipant and still supported."""
        return self._presences(environment.released_url, "releasedVersions", pacticipant)

    def recordable(self, known: Document) -> set[str]:
        """Name the environments in which a version (its document) can be recorded."""
        with _understood(self.address):
            return {_text(link["name"]) for link in known["_links"].get("pb:record-deployment", [])}

    def record(self, known: Document, environment: str, *, released: bool, instance: str | None) -> None:
        """Record that a version (its document) was deployed or released."""
        with _understood(self.address):
            links = known["_links"]["pb:record-release" if released else "pb:record-deployment"]
            link = next(item["href"] for item in links if item["name"] == environment)
        self._http.send("POST", link, {"applicationInstance": instance} if instance else {})

    def end(self, presence: Presence, *, released: bool) -> None:
        """Record that a version is no longer deployed, or no longer supported."""
        body = {"currentlySupported": False} if released else {"currentlyDeployed": False}
        self._http.send("PATCH", presence.url, body, content_type="application/merge-patch+json")

    def _presences(self, url: str, relation: str, pacticipant: str) -> list[Presence]:
        with _understood(self.address):
            return [
                Presence(
                    _text(item["_embedded"]["version"]["number"]),
                    _text(item["_links"]["self"]["href"]),
                    item.get("applicationInstance"),
                )
                for item in self._embedded(url, relation, pacticipant=pacticipant)
            ]

    # --- webhooks ----------------------------------------------------------------------------------------

    def put_webhook(self, description: str, document: Document) -> bool:
        """Create the webhook that this description names, or write it anew; whether it is new.

        The broker shows no credentials of a webhook, so it cannot be told whether anything would change.
        """
        with _understood(self.address):
            links = self._document(self._link("pb:webhooks"))["_links"].get("pb:webhooks", [])
            known = next((_text(link["href"]) for link in links if link.get("name") == description), None)
        body = {"description": description, **document}
        self._http.send("PUT" if known else "POST", known or self._link("pb:webhooks"), body)
        return known is None

    # --- documents and links -----------------------------------------------------------------------------

    @cached_property
    def _index(self) -> Document:
        return self._document("/")

    def _document(self, url: str, **query: str) -> Document:
        found = self._http.get(url, **query)
        if not isinstance(found, dict):
            raise _not_understood(self.address)
        return found

    def _found(self, url: str) -> Document | None:
        try:
            return self._document(url)
        except BrokerError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def _embedded(self, url: str, relation: str, **query: str) -> Iterator[Document]:
        """Give the items of a list, page by page."""
        seen: set[str] = set()
        page = self._document(url, **query)
        with _understood(self.address):
            while True:
                yield from page.get("_embedded", {}).get(relation, [])
                following = page["_links"].get("next")
                if not following:
                    return
                if following["href"] in seen:
                    raise ValueError  # pages that lead in a circle
                seen.add(following["href"])
                page = self._document(following["href"])

    def _link(self, relation: str, **parameters: str) -> str:
        with _understood(self.address):
            link = str(self._index["_links"][relation]["href"])
        for name, value in parameters.items():
            link = link.replace(f"{{{name}}}", quote(value, safe=""))
        return link


def unknown(kind: str, name: str, known: Iterable[str]) -> InputError:
    """Say that the broker does not know a name, and which it knows, the nearest first."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - only on the way out

    nearest = sorted(known, key=lambda other: (-SequenceMatcher(None, name.lower(), other.lower()).ratio(), other))
    listed = ", ".join(nearest[:10]) + (f" and {len(nearest) - 10} more" if len(nearest) > 10 else "")  # noqa: PLR2004
    known_ones = f"It knows: {listed}. Write one of them" if nearest else f"It knows no {kind} at all yet"
    new_one = {
        "environment": "create it (pact broker create-environment, or actions/record-deployment with "
        "create-environment: true)",
        "pacticipant": "publish its first pact or version (actions/publish, actions/create-version)",
    }[kind]
    return InputError(f"The broker knows no {kind} {name!r}.", f"{known_ones}{', or' if nearest else ':'} {new_one}.")


@contextmanager
def _understood(address: str) -> Iterator[None]:
    """Turn a document that lacks what every Pact Broker's has into the sentence for it."""
    try:
        yield
    except (LookupError, TypeError, AttributeError, StopIteration, ValueError) as error:
        raise _not_understood(address) from error


def _not_understood(address: str) -> BrokerError:
    return BrokerError(
        f"What answers at {address} speaks JSON, but not as a Pact Broker does.",
        "Check `broker-url`; pact-gate needs a Pact Broker 2.82 or newer, or PactFlow.",
    )


def _text(value: Any) -> str:
    """Take a text out of a document; where it is none, `_understood` has the sentence."""
    if not isinstance(value, str):
        raise TypeError
    return value


def _contract(pact: Pact, *, merge: bool) -> Document:
    contract = {
        "consumerName": pact.consumer,
        "providerName": pact.provider,
        "specification": "pact",
        "contentType": "application/json",
        "content": base64.b64encode(pact.body).decode(),
    }
    return contract | ({"onConflict": "merge"} if merge else {})


def _failure(test: Document) -> str:
    """Tell one failed test. Verifiers agree on these keys, not on which of them they give."""
    found = [*test.get("mismatches", []), *test.get("exceptions", [])]
    named = test.get("interactionDescription")
    told = [" ".join(str(each.get(key) or "") for key in ("attribute", "identifier")).strip() for each in found[:1]]
    why = [str(each.get("description") or each.get("message") or "") for each in found[:1]]
    return ": ".join(part for part in (f"“{named}”" if named else "", *told, *why) if part)


def _warnings(notices: Iterable[Document]) -> Iterator[str]:
    """Pick what a person should read of what the broker says: it also tells what it did, and advertises."""
    return (notice["text"] for notice in notices if notice.get("type") in ("warning", "error", "danger"))


def content_of(url: str) -> str:
    """Cut the address of a pact, or of a result, down to that of the pact's content."""
    before, _, after = url.partition("/pact-version/")
    return f"{before}/pact-version/{after.split('/')[0]}"


def _selected(item: Document) -> SelectedPact:
    properties = item.get("verificationProperties", {})
    notices = [each["text"] for each in properties.get("notices", []) if each.get("when") == "before_verification"]
    link = item["_links"]["self"]
    return SelectedPact(
        url=_text(link["href"]),
        name=link.get("name", ""),
        pending=bool(properties.get("pending")),
        wip=bool(properties.get("wip")),
        reasons=tuple(notices),
    )


def _selectors(asked: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    pairs = [(("q[][pacticipant]", name), ("q[][version]", version)) for name, version in asked]
    return [part for pair in pairs for part in pair]


def _head(pacticipant: str, branch: str) -> list[tuple[str, str]]:
    return [("q[][pacticipant]", pacticipant), ("q[][branch]", branch), ("q[][latest]", "true")]


def _portions(selectors: Sequence[list[tuple[str, str]]]) -> list[list[tuple[str, str]]]:
    """Put selectors together into queries, at least one, that no server finds too long."""
    portions: list[list[tuple[str, str]]] = [[]]
    for selector in selectors:
        if portions[-1] and len(_query([*portions[-1], *selector])) > _LONGEST_QUERY:
            portions.append([])
        portions[-1] += selector
    return portions


def _query(parameters: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{key}={quote(value, safe='')}" for key, value in parameters)


def _target(target: Target) -> list[tuple[str, str]]:
    if target.kind is TargetKind.ENVIRONMENT:
        return [("environment", target.name)]
    if target.kind is TargetKind.TAG:
        return [("latest", "true"), ("tag", target.name)]
    return [("latest", "true"), ("mainBranch", "true")]


def _row(item: Document) -> Row:
    result = item.get("verificationResult") or {}
    provider = item["provider"].get("version") or {}
    return Row(
        consumer=_text(item["consumer"]["name"]),
        consumer_version=_text(item["consumer"]["version"]["number"]),
        provider=_text(item["provider"]["name"]),
        provider_version=_text(provider["number"]) if provider else None,
        result=_result(item, result),
        verified_at=result.get("verifiedAt"),
        result_url=result.get("_links", {}).get("self", {}).get("href"),
        pact_url=(item.get("pact") or {}).get("_links", {}).get("self", {}).get("href"),
        provider_branches=tuple(_text(branch["name"]) for branch in provider.get("branchVersions", [])),
    )


def _result(item: Document, result: Document) -> Result:
    if item.get("ignored"):
        return Result.IGNORED
    return {True: Result.PASSED, False: Result.FAILED}.get(result.get("success"), Result.NONE)  # type: ignore[arg-type]


def _environment(item: Document) -> Environment:
    links = item["_links"]
    return Environment(
        name=_text(item["name"]),
        url=_text(links["self"]["href"]),
        deployed_url=links["pb:currently-deployed-deployed-versions"]["href"],
        released_url=links["pb:currently-supported-released-versions"]["href"],
    )
