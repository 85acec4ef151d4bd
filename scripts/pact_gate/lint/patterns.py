"""Whether a regular expression can backtrack for ever, told from how it is written: it is never run.

A backtracking engine needs exponential time where a pattern can match one text, from some point back to the same point,
in two ways: with each repetition the ways double (Weber and Seidl 1991 call it exponential ambiguity). The pattern is
made into the automaton of its characters (Glushkov's), and two of these are walked at once: a pair that starts at one
place twice, parts, and comes together there again is such a text.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from re import _constants as words  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_LONGEST = 2_000  # characters of a pattern that are read
_MOST_PLACES = 80  # characters and classes of it; the pairs are the square of that
_MOST_STEPS = 50_000  # from pair to pair
_COPIES = 3  # of what is repeated a limited number of times: the ways within are seen with as many
_UNBOUNDED = 25  # repetitions that double the ways are as good as endless
_ALPHABET = [*map(chr, range(128)), "é", "中", "😀"]
_EVERY = frozenset(range(len(_ALPHABET)))
_MAY_BE_SLOW = re.compile(r"\)[*+{]")
_OTHER_DIALECTS = (
    (re.compile(r"\(\?<(?=[A-Za-z])"), "(?P<"),  # named groups of Java, JavaScript, .NET
    (re.compile(r"\\[pP]\{\^?\w+\}"), r"\\w"),
    (re.compile(r"\\z"), r"\\Z"),
    (re.compile(r"\\h"), r"\\s"),
    (re.compile(r"\[:(?:alnum|alpha|word):\]"), r"a-zA-Z"),
    (re.compile(r"\[:digit:\]"), r"0-9"),
)


@dataclass(frozen=True)
class _Piece:
    """A part of a pattern: in how many ways it matches nothing, and at which places its matches begin and end.

    The numbers of ways are those there; more than two are as two.
    """

    empty: int
    first: _Ways = field(default_factory=dict)
    last: _Ways = field(default_factory=dict)


_Ways = dict[int, int]
_Pair = tuple[int, int]
_Pairs = dict[_Pair, list[_Pair]]


class _TooLarge(Exception):  # noqa: N818 - it is no error
    pass


@lru_cache(4096)
def backtracks(pattern: str) -> bool:
    """Say whether a pattern can take exponential time. What Python's parser does not read is let pass."""
    if len(pattern) > _LONGEST or not _MAY_BE_SLOW.search(pattern):
        return False
    for found, instead in _OTHER_DIALECTS:
        pattern = found.sub(instead, pattern)
    automaton = _Automaton()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            automaton.sequence(parser.parse(pattern))
    except (re.error, RecursionError, OverflowError, ValueError, _TooLarge):
        return False
    return automaton.is_ambiguous()


class _Automaton:
    """Places of a pattern, which characters each takes, and in how many ways a place may follow another."""

    def __init__(self) -> None:
        self.takes: list[frozenset[int]] = []
        self.follow: list[_Ways] = []

    def sequence(self, items: Iterable[tuple[Any, Any]]) -> _Piece:
        whole = _Piece(empty=1)
        for operation, argument in items:
            whole = self._then(whole, self._piece(operation, argument))
        return whole

    def _then(self, one: _Piece, other: _Piece) -> _Piece:
        self._connect(one.last, other.first)
        first, last = _sum(one.first, other.first, one.empty), _sum(other.last, one.last, other.empty)
        return _Piece(min(one.empty * other.empty, 2), first, last)

    def _connect(self, ends: _Ways, begins: _Ways) -> None:
        for place, ways in ends.items():
            self.follow[place] = _sum(self.follow[place], begins, ways)

    def _piece(self, operation: Any, argument: Any) -> _Piece:
        if operation in (words.MAX_REPEAT, words.MIN_REPEAT):
            return self._repeated(*argument)
        if operation is words.SUBPATTERN:
            return self.sequence(argument[-1])
        if operation is words.BRANCH:
            return self._either([self.sequence(each) for each in argument[1]])
        if operation in (words.POSSESSIVE_REPEAT, words.ATOMIC_GROUP):
            return self._place(_EVERY)  # it gives nothing back: from outside it is one place
        taken = _characters(operation, argument)
        return _Piece(empty=1) if taken is None else self._place(taken)

    def _place(self, takes: frozenset[int]) -> _Piece:
        if len(self.takes) >= _MOST_PLACES:
            raise _TooLarge
        self.takes.append(takes)
        self.follow.append({})
        here = {len(self.takes) - 1: 1}
        return _Piece(0, here, here)

    def _either(self, pieces: Sequence[_Piece]) -> _Piece:
        whole = _Piece(empty=0)
        for each in pieces:
            empty = min(whole.empty + each.empty, 2)
            whole = _Piece(empty, _sum(whole.first, each.first), _sum(whole.last, each.last))
        return whole

    def _repeated(self, least: int, most: Any, items: Any) -> _Piece:
        endless = most is words.MAXREPEAT or most >= _UNBOUNDED
        whole = _Piece(empty=1)
        # x{1,3} is x(x(x)?)?: from the last copy on, as each that may be left out takes those behind it along.
        for number in reversed(range(1 if endless else min(most, _COPIES))):
            inner = self.sequence(items)
            if endless:
                self._connect(inner.last, inner.first)
            whole = self._then(inner, whole)
            if least <= number:
                whole = _Piece(1, whole.first, whole.last)
        return whole

    def is_ambiguous(self) -> bool:
        """Say whether one text leads from some place back to it in two ways."""
        return (
            any(
                ways > 1 and self._leads(after, place)
                for place, following in enumerate(self.follow)
                for after, ways in following.items()
            )
            or self._parts_and_meets()
        )

    def _leads(self, start: int, end: int) -> bool:
        waiting, seen = [start], {start}
        while waiting:
            place = waiting.pop()
            if place == end:
                return True
            new = self.follow[place].keys() - seen
            seen |= new
            waiting += new
        return False

    def _parts_and_meets(self) -> bool:
        pairs: _Pairs = {}
        starts = [(place, place) for place in range(len(self.takes))]
        waiting, steps = list(starts), 0
        while waiting and steps < _MOST_STEPS:
            pair = waiting.pop()
            if pair not in pairs:
                pairs[pair] = self._next(*pair)
                waiting += pairs[pair]
                steps += len(pairs[pair])
        if waiting and steps >= _MOST_STEPS:
            return False  # it is not known then
        component = _Components(pairs).of
        together = {component[pair] for pair in starts}
        return any(one != other and component[one, other] in together for one, other in pairs)

    def _next(self, one: int, other: int) -> list[_Pair]:
        return [(a, b) for a in self.follow[one] for b in self.follow[other] if self.takes[a] & self.takes[b]]


def _sum(one: _Ways, other: _Ways, times: int = 1) -> _Ways:
    """Add up ways, the second ones several times."""
    if not times:
        return one
    return one | {place: min(one.get(place, 0) + ways * times, 2) for place, ways in other.items()}


class _Components:
    """Numbers the strongly connected parts of a graph (Tarjan's way, without recursion)."""

    def __init__(self, graph: _Pairs) -> None:
        self.of: dict[_Pair, int] = {}
        self._graph = graph
        self._index: dict[_Pair, int] = {}
        self._low: dict[_Pair, int] = {}
        self._stack: list[_Pair] = []
        for root in graph:
            if root not in self._index:
                self._explore(root)

    def _explore(self, root: _Pair) -> None:
        work = [self._enter(root)]
        while work:
            node, following = work[-1]
            after = next(following, None)
            if after is None:
                work.pop()
                self._leave(node)
                for before, _ in work[-1:]:
                    self._low[before] = min(self._low[before], self._low[node])
            elif after not in self._index:
                work.append(self._enter(after))
            elif after not in self.of:
                self._low[node] = min(self._low[node], self._index[after])

    def _enter(self, node: _Pair) -> tuple[_Pair, Iterator[_Pair]]:
        self._index[node] = self._low[node] = len(self._index)
        self._stack.append(node)
        return node, iter(self._graph[node])

    def _leave(self, node: _Pair) -> None:
        each = None if self._low[node] == self._index[node] else node
        while each != node:
            each = self._stack.pop()
            self.of[each] = self._index[node]


def _characters(operation: Any, argument: Any) -> frozenset[int] | None:
    """Say which characters a place takes; None for what takes none, as an anchor or a look ahead."""
    if operation is words.ANY:
        return _EVERY
    if operation is words.LITERAL:
        return _where(chr(argument).__eq__, other=argument > 127)  # noqa: PLR2004
    if operation is words.NOT_LITERAL:
        return _EVERY - _where(chr(argument).__eq__, other=False)
    if operation is words.IN:
        return _class(argument)
    return None


def _class(items: Sequence[tuple[Any, Any]]) -> frozenset[int]:
    negated, taken = False, frozenset[int]()
    for operation, argument in items:
        if operation is words.NEGATE:
            negated = True
        elif operation is words.LITERAL:
            taken |= _where(chr(argument).__eq__, other=argument > 127)  # noqa: PLR2004
        elif operation is words.RANGE:
            low, high = argument
            taken |= _where(lambda char, low=low, high=high: low <= ord(char) <= high, other=high > 127)  # noqa: PLR2004
        elif operation is words.CATEGORY:
            taken |= _CATEGORIES.get(argument, _EVERY)
    return _EVERY - taken if negated else taken


def _where(takes: Any, *, other: bool) -> frozenset[int]:
    """Give the characters of the alphabet; what is beyond ASCII is as one, whichever it is."""
    beyond = len(_ALPHABET) - 3
    found = {number for number, char in enumerate(_ALPHABET[:beyond]) if takes(char)}
    return frozenset(found | ({beyond} if other else set()))


_WORD = _where(lambda char: char.isalnum() or char == "_", other=True)
_DIGIT = _where(str.isdigit, other=False)
_SPACE = _where(str.isspace, other=False)
_CATEGORIES = {
    words.CATEGORY_WORD: _WORD,
    words.CATEGORY_NOT_WORD: _EVERY - _WORD,
    words.CATEGORY_DIGIT: _DIGIT,
    words.CATEGORY_NOT_DIGIT: _EVERY - _DIGIT,
    words.CATEGORY_SPACE: _SPACE,
    words.CATEGORY_NOT_SPACE: _EVERY - _SPACE,
}
