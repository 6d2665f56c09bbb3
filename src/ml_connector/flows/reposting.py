"""What an older company file lost: shown to a person, and entered again when that person says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.records import TxnKind
from ml_connector.core.states import Event
from ml_connector.flows.story import summary
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store import documents, duties, known
from ml_connector.store.chain import Entry, Ledger, writing
from ml_connector.store.documents import Hop
from ml_connector.store.models import Connection, Document


def what_is_lost(connection: Connection) -> dict[str, Any]:
    """Return why nothing is written, and what the company file lost, as plain values."""
    return {
        "stopped": connection.stop_reason,
        "searching": connection.searched_up_to is not None,
        "documents": [summary(document) for document in lost(connection)],
    }


def lost(connection: Connection) -> Sequence[Document]:
    """Return the documents that the company file lost."""
    return list(known.with_fault(connection, known.LOST).select_related("connection"))


def decide(surroundings: Surroundings, connection: Connection, actor: str, *, repost: bool) -> str:
    """Have writing go on, and everything that was lost entered again if `repost`.

    Raises:
        NeedsOperator: it is still being looked for what is gone, or there is nothing to decide.
    """
    with writing(connection.pk, surroundings.clock(), actor) as ledger:
        row = ledger.connection
        if row.searched_up_to is not None:
            raise NeedsOperator(
                "What is gone from the company file is not known yet: let the Web Connector run once more, then decide."
            )
        gone = lost(row) if repost else []
        if not row.stop_reason and not gone:
            raise NeedsOperator(f"Nothing is to be decided: connection {row.name} writes, and no document is lost.")
        repost_all(ledger, gone)
        row.stop_reason = ""
        row.save(update_fields=["stop_reason"])
        again = f"what was lost ({len(gone)} documents) is entered again" if repost else "nothing is entered again"
        words = f"A person decided that writing goes on; {again}."
        ledger.note(Entry(event="writing_goes_on", words=words))
        duties.wake_all(row.pk, ledger.now)
    return f"Writing goes on with the next session of the Web Connector; {again}."


def is_lost(document: Document) -> bool:
    """Tell whether an older company file lost the document."""
    return any(fault.code == known.LOST for fault in documents.faults_of(document))


def repost_all(ledger: Ledger, lost: Sequence[Document]) -> None:
    """Have documents planned and entered again. They keep their TxnID: QuickBooks is asked for it first, so that a file
    that has them after all does not get them twice."""
    documents.hop_all(
        ledger,
        [
            Hop(
                document=document,
                event=Event.REPOSTED,
                words="A person wants it entered again, because the company file that was put back does not have it.",
                changes={
                    "faults": [],
                    "due_at": None,
                    "plan_no": document.plan_no + 1,
                    "plan_basis": "",
                    "request_xml": "",
                    "tries": 0,
                    "alone": False,
                    "linked": False,
                    "held": None,
                    "remark": "",
                    "posted_cents": 0,
                    "message_set_id": None,
                    "response_no": document.response_no + 1,
                    "answer_tries": 0,
                    # What was paid on the lost Bill is not paid on the new one.
                    "payment_due": document.kind == TxnKind.BILL and bool(document.payments_told),
                },
            )
            for document in lost
        ],
    )
