"""Answers to Basware: what became of each transfer, and what has been paid.

Each answer has a name (`externalCode`) that is derived from what it says, so a repetition is recognised. After a failure
that leaves open whether Basware took it, the invoice is read back before anything is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ml_connector.basware.client import BaswareClient, ReadBack, Sent
from ml_connector.basware.limits import WireLimit
from ml_connector.basware.wire import PaymentFields, ResponseKind, payment_fields, responses_of
from ml_connector.basware.write import payment_response_body, transfer_response_body
from ml_connector.core.books import TxnId
from ml_connector.core.errors import Refused, TryAgain
from ml_connector.core.exchange import Exchange
from ml_connector.core.faults import Fault
from ml_connector.core.identity import response_code
from ml_connector.core.invoice import InvoiceId
from ml_connector.core.records import TxnKind
from ml_connector.core.report import PaymentState, payment_state, transfer_failed, transfer_succeeded
from ml_connector.core.retry import retry_delay_s
from ml_connector.core.states import Event, State
from ml_connector.flows.surroundings import Surroundings, settings_of
from ml_connector.store import documents, payments
from ml_connector.store.cents import cents
from ml_connector.store.chain import Entry, Ledger, writing
from ml_connector.store.documents import Hop
from ml_connector.store.models import Connection, Document

_PER_COMMIT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """Basware has the answer: it took it now, or is seen to hold it."""

    exchange: Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rejected:
    """Basware will never take the answer."""

    fault: Fault
    exchange: Exchange | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Later:
    """Basware could not be reached or is not ready, or the outcome is not known."""

    trouble: TryAgain


_Outcome = _Taken | _Rejected | _Later


def send_answers(surroundings: Surroundings, connection: Connection) -> None:
    """Tell Basware of every transfer and every payment it does not know of yet.

    Raises:
        TryAgain: Basware cannot be reached at all; what was sent before is noted.
        NeedsOperator: Basware does not let us.
    """
    client = surroundings.basware(connection)
    _batches(
        surroundings, connection, documents.to_answer, lambda d: _answer(surroundings, connection, client, d), _note
    )
    _batches(
        surroundings,
        connection,
        documents.to_report_payment,
        lambda d: _report(surroundings, connection, client, d),
        _note_paid,
    )


@dataclass(slots=True)
class _Done:
    """One document, what was sent for it, and what came of it."""

    document: Document
    outcome: _Outcome
    payment: PaymentState | None = None


def _batches(
    surroundings: Surroundings,
    connection: Connection,
    due: Callable[..., list[Document]],
    send: Callable[[Document], _Done | None],
    note: Callable[[Surroundings, Ledger, Sequence[_Done]], None],
) -> None:
    after = 0
    while batch := due(connection.pk, surroundings.clock(), _PER_COMMIT, after):
        after = batch[-1].pk
        made: list[_Done] = []
        trouble: TryAgain | None = None
        try:
            for document in batch:
                done = send(document)
                if done is None:
                    continue
                made.append(done)
                if isinstance(done.outcome, _Later):
                    trouble = done.outcome.trouble
                    break
        finally:
            # What was sent before a failure is kept.
            if made:
                with writing(connection.pk, surroundings.clock()) as ledger:
                    note(surroundings, ledger, made)
        if trouble is not None:
            raise trouble


# Transfers.


def _answer(surroundings: Surroundings, connection: Connection, client: BaswareClient, document: Document) -> _Done:
    settings = settings_of(connection)
    if document.state == State.POSTED:
        report = transfer_succeeded(
            TxnKind(document.kind), TxnId(document.txn_id), document.txn_number, linked=document.linked
        )
        content = f"success/{document.txn_id}"
    else:
        report = transfer_failed(document.reason, documents.faults_of(document))
        content = "failure"
    name = response_code(InvoiceId(document.invoice_id), "transfer", document.response_no, content)
    try:
        body = transfer_response_body(
            report,
            external_code=name,
            source_system=settings.source_system,
            payment_block=payment_fields(bytes(document.raw)).payment_block,
            transfer_date=surroundings.clock().date(),
        )
    except WireLimit as error:
        return _Done(document, _Rejected(fault=Fault(code="MLC-BW-01", detail=str(error)), exchange=None))
    wanted = {"Transferred", "Paid"} if report.success else {"TransferFailed"}
    outcome = _deliver(client, document, ResponseKind.TRANSFER, name, body, client.send_transfer_response, wanted)
    return _Done(document, outcome)


def _deliver(
    client: BaswareClient,
    document: Document,
    kind: ResponseKind,
    name: str,
    body: bytes,
    send: Callable[[InvoiceId, bytes], Sent | ReadBack],
    wanted: set[str],
) -> _Outcome:
    """Send one answer; where it is not known whether Basware has it already, look first."""
    invoice_id = InvoiceId(document.invoice_id)
    try:
        if document.answer_tries:
            held = _held(client, invoice_id, kind, name, wanted)
            if held is not None:
                return held
        sent = send(invoice_id, body)
        if isinstance(sent, Sent):
            return _Taken(exchange=sent.exchange)
        held = _held(client, invoice_id, kind, name, wanted)
        if held is not None:
            return held
        words = f"{sent.errors.words or 'no reason given'} (HTTP {sent.status})"
        return _Rejected(fault=Fault(code="MLC-BW-01", detail=words), exchange=sent.exchange)
    except TryAgain as trouble:
        return _Later(trouble=trouble)
    except Refused as refused:
        code = "MLC-BW-02" if refused.code == "404" else "MLC-BW-01"
        return _Rejected(fault=Fault(code=code, detail=refused.words), exchange=refused.exchange)


def _held(
    client: BaswareClient, invoice_id: InvoiceId, kind: ResponseKind, name: str, wanted: set[str]
) -> _Outcome | None:
    """Read the invoice back: Basware has our answer if it holds its name, or stands where the answer would lead."""
    raw = client.invoice(invoice_id)
    if raw is None:
        return _Rejected(fault=Fault(code="MLC-BW-02"), exchange=None)
    if name in responses_of(raw)[kind] or raw.processing_status in wanted:
        heard = Exchange(
            system="basware",
            what=f"GET accountingDocuments/{invoice_id}",
            response=raw.raw,
            status=raw.processing_status,
        )
        return _Taken(exchange=heard)
    if kind is ResponseKind.PAYMENT and raw.processing_status == "TransferInProgress":
        # Basware works on the transfer response still, and takes payments only after it.
        return _Later(trouble=TryAgain("Basware has not finished the transfer yet."))
    return None


def _note(surroundings: Surroundings, ledger: Ledger, made: Sequence[_Done]) -> None:
    refs = iter(ledger.keep_all([d.outcome.exchange for d in made if isinstance(d.outcome, _Taken)]))
    hops: list[Hop] = []
    for done in made:
        document, outcome = done.document, done.outcome
        if isinstance(outcome, _Taken):
            posted = document.state == State.POSTED
            event = Event.CONFIRMED if posted else Event.RETURNED
            words = f"Basware knows it as {document.txn_id}." if posted else "Basware knows that it failed."
            changes: dict[str, object] = {"answer_tries": 0, "due_at": None, "response_no": document.response_no + 1}
            if posted:
                changes |= {"confirmed_at": ledger.now, "faults": []}
            hops.append(Hop(document=document, event=event, words=words, changes=changes, exchange=next(refs)))
        else:
            _note_trouble(surroundings, ledger, document, outcome)
    documents.hop_all(ledger, hops)


def _note_trouble(surroundings: Surroundings, ledger: Ledger, document: Document, outcome: _Rejected | _Later) -> None:
    """Keep the document where it is: QuickBooks has it, or a person gave it up, and Basware is still to be told."""
    tries = document.answer_tries + 1
    if isinstance(outcome, _Later):
        base_s = settings_of(ledger.connection).retry_base_s
        wait_s = retry_delay_s(tries, surroundings.dice(), base_s=base_s, retry_after_s=outcome.trouble.retry_after_s)
        documents.change(document, answer_tries=tries, due_at=ledger.now + timedelta(seconds=wait_s))
        words = f"Basware could not be told: {outcome.trouble}"
        exchange = outcome.trouble.exchange
    else:
        # Asked again once a day, and at once when a person says so.
        faults = documents.faults_as_json([outcome.fault])
        documents.change(document, answer_tries=tries, due_at=ledger.now + timedelta(days=1), faults=faults)
        words, exchange = outcome.fault.says, outcome.exchange
    ref = ledger.keep(exchange) if exchange is not None else None
    ledger.note(Entry(event="answer_failed", words=words, document_id=document.pk, exchange=ref))


# Payments.


def _report(
    surroundings: Surroundings, connection: Connection, client: BaswareClient, document: Document
) -> _Done | None:
    applied = payments.applied_to(connection.pk, [document.txn_id]).get(document.txn_id, [])
    state = payment_state(applied, document.payment_txn_id)
    nothing_before = not document.payment_content and not applied
    if state.content == document.payment_content or nothing_before:
        documents.change(document, payment_due=False)
        return None
    name = response_code(InvoiceId(document.invoice_id), "payment", document.payment_no, state.content)
    own = payment_fields(bytes(document.raw))
    method = state.method or own.payment_method
    try:
        body = payment_response_body(
            state,
            external_code=name,
            source_system=settings_of(connection).source_system,
            keep=PaymentFields(
                payment_term_code=own.payment_term_code,
                payment_method=method,
                payment_block=own.payment_block,
                payment_message=own.payment_message,
            ),
            reported_on=surroundings.clock().date(),
        )
    except WireLimit as error:
        rejected = _Rejected(fault=Fault(code="MLC-BW-01", detail=str(error)), exchange=None)
        return _Done(document, rejected, state)
    outcome = _deliver(client, document, ResponseKind.PAYMENT, name, body, client.send_payment_response, set())
    return _Done(document, outcome, state)


def _note_paid(surroundings: Surroundings, ledger: Ledger, made: Sequence[_Done]) -> None:
    refs = iter(ledger.keep_all([d.outcome.exchange for d in made if isinstance(d.outcome, _Taken)]))
    hops: list[Hop] = []
    for done in made:
        document, outcome, state = done.document, done.outcome, done.payment
        if not isinstance(outcome, _Taken) or state is None:
            if not isinstance(outcome, _Taken):
                _note_trouble(surroundings, ledger, document, outcome)
            continue
        whole = cents(state.paid + state.discount) >= document.gross_cents
        hops.append(
            Hop(
                document=document,
                event=Event.PAID_IN_FULL if whole else Event.PAYMENT_CHANGED,
                words=f"Basware knows that {state.paid:.2f} is paid, discount {state.discount:.2f}.",
                exchange=next(refs),
                changes={
                    "paid_cents": cents(state.paid),
                    "discount_cents": cents(state.discount),
                    "payment_content": state.content,
                    "payment_txn_id": state.payment_txn_id,
                    "payment_no": document.payment_no + 1,
                    "payment_due": False,
                    "answer_tries": 0,
                    "due_at": None,
                },
            )
        )
    documents.hop_all(ledger, hops)
