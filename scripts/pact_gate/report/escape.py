"""The one place where text that others wrote is made harmless before it is shown.

Names, branches, pact contents, logs: whoever can push a branch can put anything there. Every other module of this room
passes such text through one of these functions.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from pact_gate.model.plain import cut, is_web_address, line, visible

__all__ = [
    "block",
    "code",
    "cut",
    "is_web_address",
    "line",
    "link",
    "log_line",
    "markdown",
    "mermaid",
    "prose",
    "visible",
]

# GitHub turns @name, #1, GH-1 and :smile: into links and pictures after the Markdown has become HTML, where an entity
# is a plain character again. A zero-width space inside is what keeps the text from being one of them.
_BREAK = "&#8203;"

_NAME_LIMIT = 120
_BLOCK_LIMIT = 8_000
_LABEL_LIMIT = 60

# Every character that can begin something in GitHub Flavored Markdown or in HTML, and the few longer beginnings.
_MARKDOWN = re.compile(
    r"""
    \A\d{1,9}(?=[.)](?:\s|\Z))      # a numbered list
    | \A[-+=]                       # a list, a rule, a heading's underline
    | [&<>\\`*\[\]|~@#$]
    | (?<![^\W_])_ | _(?![^\W_])    # emphasis; not within a word
    | :(?=//) | :(?=[\w+-]+:)       # a URL, an emoji's short code
    | \bwww(?=\.) | \bGH(?=-\d)     # a bare web address, a reference to an issue
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NEEDS_BREAK = frozenset("@#:")

_QUOTED = re.compile(r"`([^`\n]+)`|(https?://[^\s<>`\"']*[^\s<>`\"'.,;:!?)\]}])")

_WIDE_OFFSET = 0xFEE0  # from an ASCII punctuation mark to its full-width form
_MERMAID_MARKS = re.compile(r"[!-,:-@\[-^`{-~]")  # ASCII punctuation but - . / _
_MERMAID_LIST = re.compile(r"\A([-+*]|\d+[.)]) ")
_MERMAID_URL = re.compile(r"//|\bwww\.", re.IGNORECASE)

_COMMAND = re.compile(r"\A\s*::")


def markdown(text: str, limit: int = _NAME_LIMIT) -> str:
    """Return `text` as inline Markdown that shows just this text, also in a table's cell and between HTML tags.

    Entities are understood in both Markdown and HTML, and neither of them takes one for markup
    (https://github.github.com/gfm/#entity-and-numeric-character-references).
    """
    return _MARKDOWN.sub(_entity, line(text, limit).strip())


def code(text: str, limit: int = _NAME_LIMIT) -> str:
    """Return `text` as inline code, in and outside of a table's cell.

    A pipe would have to be escaped inside of a table and must not be outside; backticks need longer fences. Where the
    text has one of them, it becomes an HTML element, for which both are plain characters.
    """
    shown = line(text, limit)
    if not shown.strip():
        return "<code>&nbsp;</code>"
    if "`" in shown or "|" in shown:
        return f"<code>{_MARKDOWN.sub(lambda found: _entities(found[0]), shown)}</code>"
    return f"`{shown}`"


def prose(text: str, limit: int = 3_000) -> str:
    """Return a sentence that may quote others as inline Markdown; `…` in backticks and URLs are shown as code."""
    return "<br>".join(_prose_line(each) for each in visible(cut(text, limit)).strip().split("\n"))


def block(text: str, limit: int = _BLOCK_LIMIT) -> str:
    """Return `text` as a fenced code block; the fence is longer than any run of backticks in the text."""
    shown = visible(text[:limit]).rstrip()
    if len(text) > limit:
        shown += f"\n… ({len(text) - limit:,} more characters)"
    runs = re.findall(r"`+", shown)
    fence = "`" * max(3, 1 + max(map(len, runs), default=0))
    return f"{fence}text\n{shown}\n{fence}"


def mermaid(text: str, limit: int = _LABEL_LIMIT) -> str:
    """Return `text` for a quoted label of a Mermaid diagram.

    Mermaid decodes entities itself before it reads Markdown and HTML in a label, so an entity protects nothing there.
    Punctuation becomes its full-width form instead, which looks nearly the same and means nothing.
    """
    shown = _MERMAID_MARKS.sub(lambda found: chr(ord(found[0]) + _WIDE_OFFSET), line(text, limit).strip())
    shown = _MERMAID_LIST.sub("\\1\N{NO-BREAK SPACE}", shown)
    return _MERMAID_URL.sub(lambda found: found[0].replace("//", "／／").replace(".", "．"), shown)  # noqa: RUF001


def link(text: str, url: str | None) -> str:
    """Return a Markdown link to `url`; just the text where the URL is none that a reader should be led to."""
    if url is None or not is_web_address(url):
        return markdown(text)
    target = quote(url, safe="/:?#@!$&'*+,;=%~-._").replace("&", "&amp;")
    return f"[{markdown(text)}]({target})"


def log_line(text: str) -> str:
    """Return `text` as one line of a step's log that the runner does not take for a workflow command.

    The runner obeys a line that begins with `::`, and one that holds `##[` anywhere
    (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands).
    """
    shown = visible(text).replace("\n", "↵").replace("##[", "## [")
    return _COMMAND.sub(lambda found: found[0].replace("::", ": :"), shown)


def _entities(text: str) -> str:
    return "".join(f"&#{ord(each)};" if not each.isalnum() else each for each in text)


def _entity(found: re.Match[str]) -> str:
    text = found[0]
    if text == "$":
        return "<span>$</span>"  # what GitHub documents for a dollar that begins no formula
    if text[0].isalnum():
        return text + _BREAK
    return f"&#{ord(text)};" + (_BREAK if text in _NEEDS_BREAK else "")


def _prose_line(text: str) -> str:
    parts, end = [], 0
    for found in _QUOTED.finditer(text):
        parts += [_MARKDOWN.sub(_entity, text[end : found.start()]), code(found[1] or found[2], limit=500)]
        end = found.end()
    return "".join([*parts, _MARKDOWN.sub(_entity, text[end:])]).strip()
