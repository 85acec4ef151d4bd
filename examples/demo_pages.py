"""The job summaries of the demo as HTML pages, as GitHub would show them on a run's page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from demo_act import Run
from markdown_it import MarkdownIt

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1f2328 }
h2 { border-bottom: 1px solid #d1d9e0; padding-bottom: .3rem }
table { border-collapse: collapse; display: block; overflow-x: auto }
th, td { border: 1px solid #d1d9e0; padding: .35rem .7rem; text-align: left; vertical-align: top }
code, pre { background: #f0f2f4; border-radius: 4px; font-size: 85% }
code { padding: .15em .35em }
pre { padding: .8rem; overflow-x: auto }
pre code { padding: 0; font-size: 100% }
blockquote { margin-left: 0; padding-left: 1rem; border-left: .25rem solid #d1d9e0 }
section { margin-top: 2.5rem }
"""


@dataclass(frozen=True)
class Page:
    """One scene of the demo: its title, who pushed what, the gate's verdict, and the run."""

    title: str
    commit: str
    verdict: str
    run: Run


def write(pages: Iterable[Page], folder: Path) -> Path:
    """Write a page for each scene and an index of them; the index's path."""
    rows = []
    for number, page in enumerate(pages, 1):
        name = f"{number:02}.html"
        (folder / name).write_text(_html(page.title, _scene(page)), encoding="utf-8")
        log = escape(page.run.log.relative_to(folder).as_posix())
        cells = (f"{number}", f'<a href="{name}">{escape(page.title)}</a>', escape(page.commit), escape(page.verdict))
        rows.append("".join(f"<td>{cell}</td>" for cell in (*cells, f'<a href="{log}">log</a>')))
    head = "".join(f"<th>{name}</th>" for name in ("", "What happens", "Commit", "The gate's verdict", ""))
    table = f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
    index = folder / "index.html"
    index.write_text(_html("From a commit to a deploy gate", table), encoding="utf-8")
    return index


def _scene(page: Page) -> str:
    sections = [
        f"<section><p>Job {escape(step.job)}, step {escape(step.name)}</p>{_rendered(step.summary)}</section>"
        for step in page.run.steps
        if step.summary
    ]
    return f'<p>{escape(page.commit)} · <a href="index.html">all scenes</a></p>{"".join(sections)}'


def _rendered(markdown: str) -> str:
    """Render a summary without its HTML, but for `<details>` and `<br>`, which can do no harm."""
    html = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).render(markdown)
    html = re.sub(
        r"<p>&lt;details&gt;&lt;summary&gt;(.*?)&lt;/summary&gt;</p>", r"<details><summary>\1</summary>", html
    )
    html = str(html).replace("<p>&lt;/details&gt;</p>", "</details>").replace("&lt;br&gt;", "<br>")
    return html.replace("&lt;span&gt;$&lt;/span&gt;", "$")  # what keeps GitHub from reading it as mathematics


def _html(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style><h1>{escape(title)}</h1>{body}</html>\n"
    )
