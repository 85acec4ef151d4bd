"""A trial of the provider states, before anything is verified: each distinct list is set up and torn down once."""

from __future__ import annotations

import json
import time
import urllib.error
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from hashlib import sha256
from http import HTTPStatus

from pact_gate import VERSION
from pact_gate.model.errors import InputError, ProviderError
from pact_gate.model.provider_states import Found, Need, State, StateFinding, StatesCheck, request_body
from pact_gate.verifier.pacts import ProviderAddress
from pact_gate.verifier.process import output_of
from pact_gate.verifier.relay import BODY_KEPT
from pact_gate.verifier.web import MOST_OF_A_STATE, Answer, checked_url, reason, send, shown_url

MOST = 500
"""Lists of states that are tried; of more, the first ones."""

SECONDS = 30.0
"""After them no further list is begun."""

SLOW = 1.0
"""Seconds from which on a state is called slow: it is set up again before each interaction that asks for it."""

_LOOK = 30.0  # seconds that the command of `state-check` may take
_NAMES = 1_000_000  # bytes of a list of known names
# What handlers answer to a name that they do not know. Other refusals (401, 409, 422, …) say that something is wrong.
_UNKNOWN = frozenset((HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.GONE))

Look = Callable[[], bytes]


@dataclass(frozen=True)
class _Came:
    """What came back from one call. `found` is None where it was 2xx; `values` is what a JSON object answered."""

    found: Found | None
    words: str
    seconds: float
    body: str = ""
    values: Mapping[str, object] | None = None
    is_silent: bool = False


def check_states(
    needs: Sequence[Need], address: ProviderAddress, look: Look | None = None, *, now: Callable[[], float] | None = None
) -> StatesCheck:
    """Set each list of states up and tear it down, one after the other, with the calls that the verifier makes.

    A state that could not be set up is not asked for again. Nothing is tried a second time, whatever the status.

    Args:
        needs: Which lists, and who asks for them.
        address: Where; `address.states_url` is given.
        look: Returns a digest of what is there, to see whether a state changed it.
        now: A clock in seconds.

    Raises:
        ProviderError: Nothing can be reached at the address: that says nothing of any state.
        InputError: `look` could not look.
    """
    trial = _Trial(address, look)
    clock = now or time.monotonic
    started = clock()
    done = 0
    for need in needs[:MOST]:
        if clock() - started > SECONDS:
            break
        trial.try_out(need)
        done += 1
    for need in needs[done:]:  # what is broken is so for them too
        trial.passes_over(need)
    findings = trial.findings()
    return StatesCheck(findings, done, len(needs) - done, trial.refused, trial.requests, clock() - started)


def looker(given: str, address: ProviderAddress) -> Look:
    """Return what `state-check` asks for: the digest of a URL's answer, or of what a command prints.

    The request's headers go only to the provider's own hosts.
    """
    if not given.startswith(("http://", "https://")):
        return lambda: sha256(_printed(given)).digest()
    checked_url(given, "state-check")
    own = {shown_url(url).split("/")[2] for url in (address.url, address.states_url, address.messages_url) if url}
    headers = dict(address.request_headers) if given.split("/")[2] in own else {}
    return lambda: sha256(_answered(given, headers, address.timeout)).digest()


def _printed(command: str) -> bytes:
    code, printed, said = output_of(command, _LOOK)
    if code is None:
        raise InputError(
            f"The command in `state-check` did not end within {_LOOK:g} s.", "Let it print less, or ask a URL."
        )
    if code:
        told = f": {said}" if said else "."
        raise InputError(f"The command in `state-check` ended with exit code {code}{told}", "Mend the command.")
    return printed


def _answered(url: str, headers: Mapping[str, str], timeout: float) -> bytes:
    try:
        answer = send(url, timeout=timeout, headers=headers, most=MOST_OF_A_STATE)
        problem = "" if answer.status == HTTPStatus.OK else f"it answered {answer.status}"
    except OSError as error:
        problem = reason(error, timeout)
    if problem:
        raise InputError(
            f"The address in `state-check`, {shown_url(url)}, does not tell what is there: {problem}.",
            "Give an address that answers 200 with the data that states put in place, or a command that prints it.",
        )
    return answer.body


class _Trial:
    """Goes through lists of states and keeps what it finds."""

    def __init__(self, address: ProviderAddress, look: Look | None) -> None:
        self.requests = 0
        self.refused = 0
        self._address = address
        self._url = address.states_url or ""
        self._shown = shown_url(self._url)
        self._look = look
        self._tears_down = True
        self._broken: dict[State, StateFinding] = {}
        self._worked: set[str] = set()
        self._notes: list[StateFinding] = []

    def try_out(self, need: Need) -> None:
        """Set one list up, look whether that changed anything, and tear it down."""
        before = self._look() if self._look else None
        came = [self._set_up(state, need) for state in need.states]
        ready = [each for each in came if each is not None]
        if len(ready) == len(came):
            self._note(need, ready, is_unchanged=self._look is not None and before == self._look())
        for state, each in zip(need.states, came, strict=True):
            if each is not None:
                self._tear_down(state)

    def passes_over(self, need: Need) -> None:
        """Try nothing of a list, and keep who needs its broken states."""
        for state in self._broken.keys() & need.states:
            self._asked_again(state, need)

    def findings(self) -> tuple[StateFinding, ...]:
        """Give what was found, broken states first."""
        unknown = [each for each in self._broken.values() if each.found is Found.UNKNOWN]
        known = sorted(self._worked | (self._named() if unknown else set()))
        told = [replace(each, nearest=_nearest(each, known)) for each in self._broken.values()]
        return (*sorted(told, key=lambda each: each.may_fail), *self._notes)

    def _set_up(self, state: State, need: Need) -> _Came | None:
        """Return what came back, or None where the state could not be set up, now or before."""
        if state in self._broken:
            self._asked_again(state, need)
            return None
        came = self._call(state, "setup")
        if came.found is None:
            self._worked.add(state.name)
            return came
        self._broken[state] = StateFinding(
            came.found, (state,), need.consumers, need.may_fail, came.words, came.body, self._shown
        )
        return None

    def _asked_again(self, state: State, need: Need) -> None:
        known = self._broken[state]
        consumers = tuple(dict.fromkeys((*known.consumers, *need.consumers)))
        self._broken[state] = replace(known, consumers=consumers, may_fail=known.may_fail and need.may_fail)

    def _tear_down(self, state: State) -> None:
        """Ask for it as long as answers come at all: many handlers do not know the word."""
        if not self._tears_down:
            return
        came = self._call(state, "teardown")
        self.refused += came.found is not None
        self._tears_down = not came.is_silent

    def _note(self, need: Need, came: Iterable[_Came], *, is_unchanged: bool) -> None:
        seconds = sum(each.seconds for each in came)
        given = {name for each in came for name in (each.values or {})}
        missing = sorted(need.values - given)
        notes = [
            (Found.UNCHANGED, "What `state-check` returns was the same before and after.", is_unchanged),
            (Found.NO_VALUES, f"The answer has no {', '.join(missing)}: the pact's example is sent.", bool(missing)),
            (Found.SLOW, f"It took {seconds:.1f} s.", seconds >= SLOW),
        ]
        for found, words, holds in notes:
            if holds:
                note = StateFinding(found, need.states, need.consumers, need.may_fail, words)
                self._notes.append(note)

    def _call(self, state: State, action: str) -> _Came:
        self.requests += 1
        headers = {"Content-Type": "application/json", "Accept": "*/*", "User-Agent": f"pact-gate/{VERSION}"}
        headers |= dict(self._address.request_headers)
        started = time.monotonic()
        try:
            answer = send(
                self._url,
                timeout=self._address.timeout,
                body=request_body(state, action),
                headers=headers,
                most=MOST_OF_A_STATE,
            )
        except urllib.error.URLError as error:  # it was not even sent
            raise ProviderError(
                f"No provider state can be set up: {self._shown} cannot be reached "
                f"({reason(error, self._address.timeout)}). Nothing was verified, and no result published.",
                "Check `provider-states-url`, and that what listens there is started with the provider.",
            ) from error
        except OSError as error:
            words = reason(error, self._address.timeout)
            return _Came(Found.FAILED, words, time.monotonic() - started, is_silent=True)
        return _came(answer, time.monotonic() - started)

    def _named(self) -> set[str]:
        """Ask which names are known, as `pact_gate.states` tells it; other handlers need not."""
        self.requests += 1
        headers = {"Accept": "application/json"} | dict(self._address.request_headers)
        try:
            answer = send(self._url, timeout=self._address.timeout, headers=headers, most=_NAMES)
            listed = json.loads(answer.body)["states"] if answer.status == HTTPStatus.OK else []
            return {each for each in listed if isinstance(each, str)}
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return set()


def _came(answer: Answer, seconds: float) -> _Came:
    took = f"{seconds:.1f} s" if seconds >= SLOW else f"{seconds * 1000:.0f} ms"
    words = f"answered {answer.status} after {took}"
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return _Came(None, words, seconds, values=_object(answer.body))
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        words += ", a redirect, which is not followed"
    found = Found.UNKNOWN if answer.status in _UNKNOWN else Found.FAILED
    return _Came(found, words, seconds, answer.body[: 4 * BODY_KEPT].decode(errors="replace")[:BODY_KEPT])


def _object(body: bytes) -> Mapping[str, object]:
    """Read values out of an answer. One that is no JSON object gives none, which is no failure to the verifier."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _nearest(finding: StateFinding, known: Sequence[str]) -> str:
    if finding.found is not Found.UNKNOWN:
        return ""
    return next(iter(get_close_matches(finding.states[0].name, known, 1)), "")
