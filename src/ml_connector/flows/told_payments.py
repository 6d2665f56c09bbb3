"""Payments that Basware said it took: each is read back once, because P2P works on it later and may drop it without a word.

Source: P2P API, requestStatus: a response that was answered with 200 may still end in an error. docs/reference/basware.md.
"""

from __future__ import annotations

from datetime import timedelta

from ml_connector.basware.wire import ResponseKind, responses_of
from ml_connector.core.errors import Refused, TryAgain
from ml_connector.core.identity import response_code
from ml_connector.core.invoice import InvoiceId
from ml_connector.flows.surroundings import Surroundings
from ml_connector.flows.troubles import Troubles
from ml_connector.store import documents, duties
from ml_connector.store.chain import Entry, writing
from ml_connector.store.models import Connection, Document

_VERDICT_WITHIN = timedelta(hours=1)  # P2P applies an answer within minutes
_PER_COMMIT = 50


def check(surroundings: Surroundings, connection: Connection) -> int:
    """Read back every invoice of which a payment was told an hour ago or earlier; return how many are told again.

    Raises:
        TryAgain: Basware could not be asked for all of them; the others are noted.
        NeedsOperator: Basware does not let us.
    """
    client = surroundings.basware(connection)
    troubles = Troubles()
    before = surroundings.clock() - _VERDICT_WITHIN
    again, after = 0, 0
    while batch := documents.payments_to_check(connection.pk, before, _PER_COMMIT, after):
        after = batch[-1].pk
        shown: list[Document] = []
        dropped: list[Document] = []
        stop = False
        for document in batch:
            try:
                raw = client.invoice(InvoiceId(document.invoice_id))
                troubles.went_well()
            except (TryAgain, Refused) as trouble:
                if stop := troubles.note(trouble):
                    break
                continue
            # An invoice that Basware no longer knows cannot be told of a payment.
            is_there = raw is None or _name_of(document) in responses_of(raw)[ResponseKind.PAYMENT]
            (shown if is_there else dropped).append(document)
        _note(surroundings, connection, shown, dropped)
        again += len(dropped)
        if stop:
            break
    troubles.raise_worst()
    return again


def _name_of(document: Document) -> str:
    return response_code(InvoiceId(document.invoice_id), "payment", document.payment_no - 1, document.payment_content)


def _note(surroundings: Surroundings, connection: Connection, shown: list[Document], dropped: list[Document]) -> None:
    if not shown and not dropped:
        return
    with writing(connection.pk, surroundings.clock()) as ledger:
        for document in shown:
            documents.change(document, payment_told_at=None)
        for document in dropped:
            # What was said may have been heard after all, so that it is said under another name, and even if it is
            # nothing new.
            documents.change(
                document, payment_told_at=None, payment_due=True, payment_tried=document.payment_content, due_at=None
            )
            words = "Basware took word of the payment, but does not show it; it is told again."
            ledger.note(Entry(event="answer_failed", words=words, document_id=document.pk))
        if dropped:
            duties.wake(connection.pk, ledger.now, duties.ANSWERS)
