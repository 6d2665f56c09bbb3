"""Exceptions named for who must act.

    ConnectorError
    |-- TryAgain        nobody acts: timeout, 429, 5xx, company file busy
    |-- NeedsOperator   a person acts: expired secret, missing permission, wrong setting
    |-- Refused         the other system said no, for good
    `-- Defect          we act: a promise of ours is broken; never retried

A refusal the flow expects, such as QuickBooks turning one Bill down, is a value and not an exception.
"""

from __future__ import annotations

from ml_connector.core.exchange import Exchange


class ConnectorError(Exception):
    """Base of all; never raised itself. `exchange` is what was said on the wire, if anything was; `progressed` tells
    whether some of the work that it ended was done before."""

    exchange: Exchange | None = None
    progressed: bool = False


class TryAgain(ConnectorError):
    """Nobody acts: the same call may succeed later.

    `retry_after_s` is what the other system asked for, in seconds, if it said so. `applied` tells whether a write may
    have taken effect: False when the request certainly never arrived, None when that is unknown.
    """

    def __init__(self, words: str, *, retry_after_s: float | None = None, applied: bool | None = False) -> None:
        super().__init__(words)
        self.retry_after_s = retry_after_s
        self.applied = applied


class NeedsOperator(ConnectorError):
    """A person acts: the sentence names the next step."""


class Defect(ConnectorError):
    """We act: our own promise is broken. Never retried."""


class Refused(ConnectorError):
    """The other system said no, for good. `code` and `words` are its own, kept verbatim."""

    def __init__(self, system: str, code: str, words: str) -> None:
        super().__init__(f"{system} refused ({code}): {words}")
        self.system, self.code, self.words = system, code, words
