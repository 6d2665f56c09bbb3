"""Run the tests that are marked `both_databases` once more, on PostgreSQL.

    python tests/run_postgresql.py [further arguments for pytest]

The server is the one that ML_CONNECTOR_TEST_POSTGRES names, else one on this machine. Where none answers, one line says
so and the run counts as passed.
"""

from __future__ import annotations

import os
import subprocess
import sys

import databases


def main(arguments: list[str]) -> int:
    """Return the exit status."""
    try:
        databases.ask_server(databases.server_address())
    except databases.NoServer as error:
        print(f"The PostgreSQL half is skipped, because no server answers: {error}")
        return 0
    environment = os.environ | {databases.KIND: "postgresql"}
    command = [sys.executable, "-m", "pytest", "-m", "both_databases", *arguments]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
