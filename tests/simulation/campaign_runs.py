"""Runs of the campaign in a process of their own, because it has a database engine of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_TESTS = Path(__file__).resolve().parent.parent


def run_campaign(*arguments: str, source: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the campaign in one process, on the source at hand or on another copy of it."""
    path = [str(_TESTS)] if source is None else [str(source), str(_TESTS)]
    return subprocess.run(
        [sys.executable, "-m", "campaign", "--workers", "1", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
