"""Provider states that promise data which nobody asks for, and states that are written in two ways."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from pact_gate.lint.document import Document
from pact_gate.lint.found import Found, Placed
from pact_gate.lint.interaction import Interaction
from pact_gate.lint.rules.context import Context
from pact_gate.lint.rules.secrets import redacted

_TOKEN = re.compile(r"'([^']{1,80})'|\"([^\"]{1,80})\"|“([^”]{1,80})”|([\w][\w.@+:/#-]*)")
_IS = frozenset(("exists", "has", "is", "was", "does", "belongs", "contains", "owns", "needs", "returns"))
_NO_ID = re.compile(
    r"v?\d+(\.\d+)+|\d+(st|nd|rd|th)|\d+(ms|s|m|h|d|kb|mb|gb|px|x|k)|\d+%|[$€£]?\d+[.,]\d\d|http\d*|utf-?8|oauth2?|s3|ec2"
    r"|2fa|mfa|b2b|b2c|p2p|http/\d|\d+-\d+|e2e|k8s|ipv[46]|sha\d+|base64|h2|\d\d:\d\d(:\d\d)?|[a-z]\d?",
    re.IGNORECASE,
)
_BEFORE_AN_AMOUNT = frozenset(
    """exactly only least most over under than page limit status code error http returns with by of first last next top
    version level step size up to about after within and all between last for past""".split()
)
_BEFORE_AN_ID = frozenset("id ids number no nr uuid reference ref key code called named name sku".split())
_ARTICLES = frozenset(("a", "an", "the", "some", "that", "there", "is", "are", "i", "given"))
_MOST_STATES = 1_000
_MOST_OF_ONE = 50  # states of an interaction: for each of them all of it is looked through
_MOST_NAME = 500  # characters of a state's name that are read
_MOST_IDS = 20


def state_without_data(interaction: Interaction, context: Context) -> Iterator[Found]:
    """Find ids and names in a state's name that its interaction never says."""
    rest = None
    for state in interaction.states[:_MOST_OF_ONE]:
        named = list(islice(_data(state.name[:_MOST_NAME]), _MOST_IDS))
        if not named or any(_says(_path(interaction), each) for each in named):
            continue
        rest = rest if rest is not None else _rest(interaction)
        if not any(_says(rest, each) for each in named):
            shown = redacted(named[0])
            message = (
                f"The state names `{shown}`, which the interaction never says: whoever puts the state's data in place "
                "cannot know what they are for. Use it in the request, or leave it out of the name."
            )
            yield Found("state-without-data", state.way, message)


def _path(interaction: Interaction) -> str:
    """Give the request's path, which names the data in most interactions, in lower case."""
    request = interaction.request
    path = request.raw.get("path") if request else None
    return path.lower() if isinstance(path, str) else ""


def _rest(interaction: Interaction) -> str:
    """Give all that an interaction says beside its states' names and its description, in lower case."""
    said = [part.raw for part in interaction.parts if part.way]
    if not said or not any(part.role == "request" for part in interaction.parts):
        said.append({key: each for key, each in interaction.raw.items() if key not in _NAMES})
    said += [{"params": state.params} for state in interaction.states]
    return json.dumps(said, ensure_ascii=False).lower()


_NAMES = ("description", "providerStates", "providerState", "provider_state", "comments", "key")


def _says(rest: str, token: str) -> bool:
    plain = token.lower()
    at = rest.find(plain)
    while at >= 0:
        around = rest[at - 1 : at] + rest[at + len(plain) : at + len(plain) + 1]
        if not any(each.isalnum() or each == "_" for each in around):
            return True
        at = rest.find(plain, at + 1)
    return False


def _data(name: str) -> Iterator[str]:
    """Give a state's ids and names: what is quoted, what mixes letters and digits, numbers that count nothing."""
    found = list(_TOKEN.finditer(name))
    for number, each in enumerate(found):
        quoted = each[1] or each[2] or each[3]
        before = found[number - 1][0].lower().strip(".:#") if number else ""
        after = found[number + 1][0].lower() if number + 1 < len(found) else ""
        if quoted:
            if before not in ("status", "state", "role", "type"):
                yield quoted
            continue
        token = each[4].strip(".:/#")
        if any(part.isdigit() for part in token) and _is_id(token, before, after):
            yield token


def _is_id(token: str, before: str, after: str) -> bool:
    if _NO_ID.fullmatch(token):
        return False
    if not token.isdigit():
        return not re.fullmatch(r"\d{4}-\d\d-\d\d.*|[a-z]+\d", token, re.IGNORECASE)
    if before in _BEFORE_AN_ID:
        return True
    if before in _BEFORE_AN_AMOUNT or not before:
        return False
    # "3 orders exist" counts; "order 42 exists" names.
    return (
        not after
        or after in _IS
        or (len(token) > 1 and not after.endswith("s") and before not in ("has", "have", "are", "is"))
    )


def state_spelling(document: Document, every: Sequence[Interaction]) -> Iterator[Placed]:
    """Find states that differ in nothing that they say: in case, in an article, in one letter."""
    first: dict[str, tuple[Interaction, Found]] = {}
    counted: Counter[str] = Counter()
    for interaction in every:
        for state in interaction.states:
            counted[state.name] += 1
            first.setdefault(state.name, (interaction, Found("state-spelling", state.way, "")))
    order = list(first)[:_MOST_STATES]
    for one, other in _near(order):
        # The rarer one is the slip; of two that are as frequent, the later one.
        wrong, right = (one, other) if counted[one] < counted[other] else (other, one)
        interaction, found = first[wrong]
        message = (
            f"The state “{redacted(wrong)}” is nearly “{redacted(right)}”, which stands here as well: the provider has "
            "to know both. Write it in one way."
        )
        yield interaction, found._replace(message=message)


def _near(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Give pairs of names that are nearly the same, each name once as the later one, in linear time."""
    seen: dict[str, str] = {}
    for name in names:
        plain = _plain(name)
        keys = [plain, *(_shortened(plain) if len(plain) > 6 else ())]  # noqa: PLR2004
        other = next((seen[key] for key in keys if key in seen and _alike(seen[key], name)), None)
        if other is not None:
            yield other, name
        for key in keys:
            seen.setdefault(key, name)


def _plain(name: str) -> str:
    split = re.findall(r"\w+", name.lower().replace("'", ""))
    return " ".join(each for each in split if each not in _ARTICLES)


def _shortened(text: str) -> list[str]:
    """Give the text without each of its letters: two texts that differ in one letter share one of these."""
    if len(text) > 200:  # noqa: PLR2004
        return []
    return [text[:at] + text[at + 1 :] for at in range(len(text)) if text[at].isalpha()]


def _alike(one: str, other: str) -> bool:
    """Say whether two names that are a letter apart say the same: numbers and single letters tell things apart."""
    ones, others = _plain(one).split(), _plain(other).split()
    differing = [pair for pair in zip(ones, others, strict=False) if pair[0] != pair[1]]
    if len(ones) != len(others):
        return "".join(ones) == "".join(others)
    return all(_is_slip(*pair) for pair in differing) and len(differing) <= 1


def _is_slip(one: str, other: str) -> bool:
    if any(each.isdigit() for each in one + other) or min(len(one), len(other)) < 4:  # noqa: PLR2004
        return False
    shorter, longer = sorted((one, other), key=len)
    return not any(longer == f"{prefix}{shorter}" for prefix in ("a", "un", "in", "im", "dis", "non", "ir"))
