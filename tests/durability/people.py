"""Being somebody who may read a folder and write nothing, whoever runs the tests."""

from __future__ import annotations

import contextlib
import os
import pathlib
from collections.abc import Iterator

_NOBODY = 65534


@contextlib.contextmanager
def as_nobody(folder: pathlib.Path) -> Iterator[None]:
    """Take away what lets this process write in a folder of a test; root may write everywhere, so it is not root."""
    files = [path for path in folder.iterdir() if path.is_file()]
    for path in files:
        path.chmod(0o444)
    folder.chmod(0o555)
    for parent in folder.parents[:4]:
        parent.chmod(parent.stat().st_mode | 0o555)
    own = os.geteuid()
    os.seteuid(_NOBODY if own == 0 else own)
    try:
        yield
    finally:
        os.seteuid(own)
        folder.chmod(0o755)
        for path in files:
            if path.exists():
                path.chmod(0o644)
