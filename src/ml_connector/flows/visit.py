"""One call of a Web Connector session, as the errands see it: the connection, the open transaction, their own notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ml_connector.core.settings import ConnectionSettings
from ml_connector.flows.surroundings import Surroundings
from ml_connector.quickbooks.answers import Part, UnreadableRecord, questions_of, read_answer
from ml_connector.quickbooks.failures import Failure
from ml_connector.quickbooks.versions import Version
from ml_connector.store.chain import ExchangeRef, Ledger
from ml_connector.store.models import Connection, Session


@dataclass(slots=True)
class Visit:
    """Lives for one SOAP call. `notes` is kept in the session's row from call to call."""

    surroundings: Surroundings
    ledger: Ledger
    session: Session
    settings: ConnectionSettings
    version: Version
    notes: dict[str, Any]  #: of the errand at hand; JSON

    @property
    def connection(self) -> Connection:
        """The connection."""
        return self.ledger.connection

    @property
    def now(self) -> datetime:
        """The time of the call."""
        return self.ledger.now

    @property
    def serial(self) -> int:
        """The number of the exchange within its session: part of the name of each question, so that an earlier answer
        that comes once more is not taken for the answer to a later question of the same kind."""
        return int(self.session.work.get("done", 0))


@dataclass(slots=True)
class Answer:
    """What came back for a request: qbXML, or a failure of the request processor."""

    text: str
    failure: Failure | None
    asked: str  #: the message it answers
    _keep: Callable[[], ExchangeRef]  #: stores the exchange when somebody refers to it
    _ref: ExchangeRef | None = None

    def parts(self, on_unreadable: Callable[[UnreadableRecord], None] | None = None) -> Iterator[Part]:
        """Read the answer to a query; see `read_answer`. An answer to anything but the query is refused."""
        return read_answer(self.text, answers_to=questions_of(self.asked), on_unreadable=on_unreadable)

    @property
    def exchange(self) -> ExchangeRef:
        """The stored exchange. Answers that changed nothing are never asked for it, and so are not stored."""
        if self._ref is None:
            self._ref = self._keep()
        return self._ref


class Errand(Protocol):
    """A kind of work that is done inside a session, question by question."""

    name: str
    writes: bool  #: it writes to QuickBooks, and so waits where the company file may be an older one

    def has_work(self, visit: Visit) -> bool:
        """Tell, cheaply, whether there is something left to ask in this session."""

    def ask(self, visit: Visit) -> str | None:
        """Return the next message set, its consequences written within the visit's transaction; None if there is none
        after all."""

    def take(self, visit: Visit, answer: Answer) -> None:
        """Take the answer to the last question."""

    def remaining(self, visit: Visit) -> int:
        """Estimate how many documents or records are still to be done; for the progress bar only."""
