"""What the views work with: set once when the service starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ml_connector.core.errors import Defect
from ml_connector.flows.surroundings import Surroundings
from ml_connector.web.service_config import ServiceConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The running service."""

    config: ServiceConfig
    surroundings: Surroundings
    wake_engine: Callable[[], None]  #: called after every request that may have made work due


_current: list[Running] = []


def start(running: Running) -> None:
    """Make this the running service."""
    _current[:] = [running]


def current() -> Running:
    """Return the running service.

    Raises:
        Defect: a request came before the service was started.
    """
    if not _current:
        raise Defect("the service was not started")
    return _current[0]
