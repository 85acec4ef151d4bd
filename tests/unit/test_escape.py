"""Text that others wrote is shown as text: read back by a Markdown parser, it is one piece of text and nothing else."""

from __future__ import annotations

import html
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pact_gate.report.escape import block, code, line, link, log_line, markdown, mermaid, prose, visible

GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
BREAK = "\u200b"

# What GitHub makes of plain text after the Markdown has become HTML (code is left alone).
FILTERS = re.compile(
    r"(?<!\w)@\w|(?<![\w&])#\d|\bGH-\d|:[\w+-]+:|https?://|\bwww\.\w|[\w.]+@[\w-]+\.\w", re.ASCII | re.IGNORECASE
)

HOSTILE = [
    "a|b",
    "`x``y`",
    "`",
    "|",
    "\\",
    "a\\|b\\",
    "</details><script>alert(1)</script>",
    "<!-- c",
    "[x](javascript:alert(1))",
    "![i](http://evil.example/i.png)",
    "<https://evil.example>",
    "https://evil.example www.evil.example WWW.evil.example a@evil.example",
    "l1\nl2\r\nl3",
    "\n\n# heading\n\n```\n",
    "@everyone @octo/team",
    "#123 GH-12 o/r#1 o/r@0123456789",
    ":smile: :+1: :a:b:",
    "[^1]",
    "- dash",
    "+ plus",
    "1. one",
    "2)",
    "---",
    "===",
    "    indented",
    "&lt;b&gt; &amp; &#64;x",
    "**b** _i_ ~~s~~ $x$ $$y$$",
    "\u202egnp.exe\u2066",
    "\x00\x1b[31mred\x1b]0;t\x07",
    "\ud800",
    "%%{init: {}}%%",
    "x" * 100_000,
    "",
    " ",
]

anything = st.text(alphabet=st.one_of(st.sampled_from(string.punctuation + " \n\tax1w"), st.characters()), max_size=40)


def shown(markdown_text: str) -> str:
    """Return the text that a reader sees, and fail where it holds anything but text and inline code."""
    found = []
    for token in GITHUB.parseInline(markdown_text)[0].children or []:
        if token.type == "html_inline":
            assert token.content in {"<span>", "</span>", "<code>", "</code>", "<br>"}
            continue
        assert token.type in {"text", "text_special", "code_inline"}, token
        found.append(token.content)
    return "".join(found)


def cells(cell: str) -> list[str]:
    """Return the source of each cell in a table's row that holds `cell` between two others."""
    tokens = GITHUB.parse(f"| h | h | h |\n| --- | --- | --- |\n| before | {cell} | after |\n\nend\n")
    assert [token.type for token in tokens].count("tr_open") == 2
    assert tokens[-2].content == "end"
    return [token.content for token in tokens if token.type == "inline"][3:-1]


def is_one_cell(cell: str) -> None:
    found = cells(cell)
    assert (found[0], len(found), found[2]) == ("before", 3, "after")


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_is_shown_as_the_text_it_is(text: str) -> None:
    assert shown(markdown(text)).replace(BREAK, "") == line(text).strip()


@given(anything)
def test_any_text_stays_text_in_one_cell(text: str) -> None:
    assert shown(markdown(text)).replace(BREAK, "") == line(text).strip()
    is_one_cell(markdown(text))
    is_one_cell(code(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_is_left_for_github_to_link_or_replace(text: str) -> None:
    assert not FILTERS.search(shown(markdown(text)))


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_is_a_paragraph_at_the_start_of_a_line(text: str) -> None:
    kinds = [token.type for token in GITHUB.parse(markdown(text) + "\n")]
    assert kinds in ([], ["paragraph_open", "inline", "paragraph_close"])


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_is_text_between_html_tags_too(text: str) -> None:
    between = markdown(text).replace("<span>$</span>", "$")
    assert "<" not in between
    assert html.unescape(between).replace(BREAK, "") == line(text).strip()


@pytest.mark.parametrize("text", HOSTILE)
def test_code_is_one_piece_of_code_with_this_text(text: str) -> None:
    shown_as_code = code(text)
    is_one_cell(shown_as_code)
    if text.strip():
        assert shown(shown_as_code) == line(text)


def test_code_uses_the_short_form_where_it_can() -> None:
    assert code("main") == "`main`"
    assert code("a|b") == "<code>a&#124;b</code>"


@pytest.mark.parametrize("text", HOSTILE)
def test_block_is_one_code_block(text: str) -> None:
    tokens = GITHUB.parse(f"<details>\n\n{block(text)}\n\n</details>\n\nend\n")
    assert [token.type for token in tokens][:3] == ["html_block", "fence", "html_block"]
    assert tokens[-2].content == "end"


def test_block_says_how_much_it_left_out() -> None:
    assert block("x" * 30, limit=10) == "```text\nxxxxxxxxxx\n… (20 more characters)\n```"


def test_block_has_a_fence_longer_than_any_in_it() -> None:
    assert block("````\n</details>").startswith("`````text\n")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "/relative",
        "https://",
        "https://github.com@evil.example/",
        "https://user:secret@broker.example/",
        "https://broker.example/\n](x)",
        "https://[broken",
        "http://embedded-broker.invalid/pacts",
        "https://a|b/",
        "https://a::error::b",
        "https://broker.example/" + "x" * 2_000,
        "",
        None,
    ],
)
def test_link_leads_nowhere_but_to_the_web(url: str | None) -> None:
    assert link("a result", url) == "a result"


@pytest.mark.parametrize(
    "url", ["https://b.example/a_(b)|c`d<e>\"f'g h", "https://b.example/?a=1&lt;=2&b[]=3#x", "http://127.0.0.1:9292/é"]
)
def test_link_is_one_link_whatever_is_in_it(url: str) -> None:
    for text in HOSTILE:
        is_one_cell(link(text, url))
        children = GITHUB.parseInline(link(text, url))[0].children or []
        assert children[0].type == "link_open"
        assert children[-1].type == "link_close"
        assert str(children[0].attrs["href"]).startswith(url[:18])


def test_link_keeps_the_address() -> None:
    assert link("pact", "https://b.example/p?a=1&b=%7C") == "[pact](https://b.example/p?a=1&amp;b=%7C)"


def test_prose_shows_commands_and_addresses_as_code() -> None:
    sentence = "Set `on-empty: skip`, see https://docs.pact.io/pending. A|B `"
    assert prose(sentence) == "Set `on-empty: skip`, see `https://docs.pact.io/pending`. A&#124;B &#96;"


@pytest.mark.parametrize("text", HOSTILE)
def test_prose_is_harmless_around_hostile_names(text: str) -> None:
    is_one_cell(prose(f"The version {text!r} of `{text}` is {text}."))
    shown(prose(f"The version {text!r} of `{text}` is {text}."))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"]; click n0 "javascript:alert(1)"', "＂］； click n0 ＂javascript：alert（1）＂"),  # noqa: RUF001
        ("%%{init: {}}%%", "％％｛init： ｛｝｝％％"),  # noqa: RUF001
        ("#quot;&lt;<b>`$$", "＃quot；＆lt；＜b＞｀＄＄"),  # noqa: RUF001
        ("orders_v2-beta/1.0", "orders_v2-beta/1.0"),
        ("1. one", "1.\N{NO-BREAK SPACE}one"),
        ("a\nend", "a↵end"),
    ],
)
def test_mermaid_labels_hold_no_syntax(text: str, expected: str) -> None:
    assert mermaid(text) == expected


@given(anything)
def test_mermaid_labels_hold_no_ascii_punctuation_that_means_something(text: str) -> None:
    assert not set(mermaid(text)) & (set(string.punctuation) - set("-._/"))
    assert "\n" not in mermaid(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("::error::pwned", ": :error::pwned"),
        ("  \t::set-output name=x::y", "  \t: :set-output name=x::y"),
        ("\N{NO-BREAK SPACE}::warning::x", "\N{NO-BREAK SPACE}: :warning::x"),
        ("see ##[error]x", "see ## [error]x"),
        ("one\n::error::two", "one↵::error::two"),
        ("one\r::error::two", "one↵::error::two"),
        ("a::b", "a::b"),
    ],
)
def test_log_lines_are_no_commands(text: str, expected: str) -> None:
    assert log_line(text) == expected


def test_control_and_direction_characters_become_visible() -> None:
    assert visible("a\x00b\x7f\u202ec\u2066\ufeff\x1b[1mbold\x1b[0m") == "a␀b[U+007F][U+202E]c[U+2066][U+FEFF]bold"
    assert visible("👩\u200d👧 क\u200cष\tx\r\ny") == "👩\u200d👧 क\u200cष\tx\ny"


@given(st.text(alphabet=st.characters(), max_size=40))
def test_what_is_visible_can_be_written(text: str) -> None:
    visible(text).encode("utf-8")


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert line("x" * 100_000) == "x" * 119 + "…"
    assert len(mermaid("x" * 100_000)) == 60
