"""`make demo`: every scene of its story comes to what it must; the demo itself holds each run against that."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEFTOVERS = (".git", ".venv", ".demo", ".*_cache", "node_modules", "__pycache__")


def test_the_demo_tells_its_story(tmp_path: Path) -> None:
    checkout = shutil.copytree(ROOT, tmp_path / "checkout", ignore=shutil.ignore_patterns(*LEFTOVERS))
    told = subprocess.run(
        [sys.executable, checkout / "examples" / "demo.py"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )
    assert told.returncode == 0, told.stdout[-6000:] + told.stderr[-2000:]
    assert "All 9 scenes went as they must" in told.stdout
