"""One service for one SQLite home: two would hand the same document out twice."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from ml_connector.core.errors import NeedsOperator
from ml_connector.web.service_config import ServiceConfig


@contextmanager
def only_service(config: ServiceConfig) -> Iterator[None]:
    """Hold the home while the service runs. On PostgreSQL several services share the work, and nothing is held.

    The lock goes with the process that holds it, however it ends.

    Raises:
        NeedsOperator: another service holds the home.
    """
    if config.database:
        yield
        return
    with (config.home / "serve.lock").open("a+b") as file:
        try:
            _lock(file)
        except OSError:
            raise NeedsOperator(
                f"A service runs on the home {config.home} already; end it first, or use PostgreSQL to run several."
            ) from None
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
