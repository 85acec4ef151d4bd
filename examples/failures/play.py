"""The four ways in which contract tests fail in practice, each broken, found and mended: `make failures`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from case_messages import messages
from case_results import results
from case_states import states
from case_values import values
from stage import OtherwiseError, Stage


def main() -> int:
    """Play all cases; 1 where a command answers something else than it must."""
    with tempfile.TemporaryDirectory(prefix="pact-gate-failures-") as folder:
        stage = Stage(Path(folder))
        try:
            for case in (states, values, results, messages):
                case(stage)
        except OtherwiseError as error:
            print(error, file=sys.stderr)
            return 1
    print(f"\nAll {stage.played} cases went as they must.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
