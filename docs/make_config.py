"""Write docs/pact-gate-yml.md: every key of `pact-gate.yml`, from its JSON Schema. Run it with `make docs`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from pact_gate.config import SCHEMA  # noqa: E402 (it is found from now on)
from pact_gate.config.shape import resolved  # noqa: E402

PAGE = ROOT / "docs" / "pact-gate-yml.md"

HEAD = """# `pact-gate.yml`: several services in one repository

Made by `make docs` from the [JSON Schema](../scripts/pact_gate/config/pact-gate.schema.json): change that. A repository
with one service needs it for `checks` alone: the actions' inputs say the rest.
[What a workflow does with it](guides/monorepo.md).

An editor that knows the schema completes keys and shows mistakes; the first line of the example is for those that do.

[examples/pact-gate.yml](../examples/pact-gate.yml)
```yaml
{example}
```

The file is YAML 1.2, in UTF-8, of at most 256 KiB. A key that nobody knows is an error, and so is one that stands there
twice; each error names its line and column. Anchors and aliases work, merge keys (`<<`) do not.
"""

TAIL = """
## Paths

In `paths` each is a file, a folder with everything in it, or a glob of either. `*` and `?` stay within one name, and
`**` stands alone between slashes for any number of folders; brackets are plain characters. The globs of `pacts` are
those of [actions/publish](actions.md). All are written with `/`, are relative, and do not leave the repository.

## What changed

| event | what is compared |
|---|---|
| `pull_request` and its kin | its head, and the commit at which it left its base |
| `push` | the branch before the push, and after it |
| `merge_group` | the group's base and its head |
| any other, a new branch or tag, a forced push | nothing: everybody is concerned |

A file that was renamed counts under both names, and a change of `pact-gate.yml` concerns everybody. Git must have the
commits, so give actions/checkout `fetch-depth: 0`; without them everybody is concerned, and the log says why.
"""


def page() -> str:
    """Give the page's text."""
    example = (ROOT / "examples" / "pact-gate.yml").read_text(encoding="utf-8").strip()
    mappings = [SCHEMA, *(each for each in SCHEMA["$defs"].values() if "properties" in each)]
    return HEAD.format(example=example) + "\n".join(line for each in mappings for line in _mapping(each)) + "\n" + TAIL


def _mapping(schema: Mapping[str, Any]) -> Iterator[str]:
    """Describe a mapping, its keys in a table."""
    yield from ("", f"## {schema['title']}", "", schema["description"], "")
    yield from ("| key | what | default |", "|---|---|---|")
    for key, each in schema["properties"].items():
        about = resolved(each, SCHEMA)
        yield f"| `{key}` | {_what(about)} | {_default(key, about, schema)} |"


def _what(about: Mapping[str, Any]) -> str:
    example = f" Example: `{json.dumps(about['examples'][0])}`" if "examples" in about else ""
    return f"{about['description']}{example}".replace("|", "\\|")


def _default(key: str, about: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if key in schema.get("required", ()):
        return "**required**"
    return f"`{json.dumps(about['default'])}`" if "default" in about else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
