"""Which plugins a pact asks for (https://docs.pact.io/plugins/quick_start).

The verifier fetches a plugin that is not installed from the internet and runs it, because a pact says so. What others
wrote is no reason to run a program here: only what is installed is used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def missing_plugins(pact: Mapping[str, Any]) -> list[str]:
    """Return the plugins, as `name version`, that the pact asks for and that are not installed in just that version."""
    metadata = pact.get("metadata")
    asked = metadata.get("plugins") if isinstance(metadata, dict) else None
    if not asked:
        return []
    installed = set(_installed())
    listed = asked if isinstance(asked, list) else [asked]
    return [name for name in map(_name, listed) if name not in installed]


def _installed() -> Iterator[str]:
    """Give the plugins in the folder where Pact's own tools install them."""
    folder = Path(os.environ.get("PACT_PLUGIN_DIR") or Path("~/.pact/plugins").expanduser())
    for manifest in folder.glob("*/pact-plugin.json"):
        try:
            yield _name(json.loads(manifest.read_bytes()))
        except (OSError, ValueError, RecursionError):
            continue  # the verifier could not use it either


def _name(plugin: object) -> str:
    return f"{plugin.get('name')} {plugin.get('version')}" if isinstance(plugin, dict) else str(plugin)
