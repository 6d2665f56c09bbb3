"""Answers to Basware: what became of each transfer, and what has been paid.

Each answer has a name (`externalCode`) that is derived from what it says, so a repetition is recognised. After a failure
that leaves open whether Basware took it, the invoice is read back before anything is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ml_connector.basware.client import BaswareClient, ReadBack, Sent
from ml_connector.basware.limits import WireLimit
from ml_connector.basware.masking import with_exchange
from ml_connector.basware.wire import RawInvoice, ResponseKind, payment_fields, responses_of
from ml_connector.basware.write import payment_response_body, transfer_response_body
from ml_connector.core.books import TxnId
from ml_connector.core.errors import ConnectorError, Refused, TryAgain
from ml_connector.core.exchange import Exchange
from ml_connector.core.faults import Fault
from ml_connector.core.identity import response_code
from ml_connector.core.invoice import InvoiceId
from ml_connector.core.records import TxnKind
from ml_connector.core.report import NOTHING_PAID, PaymentState, payment_state, transfer_failed, transfer_succeeded
from ml_connector.core.states import Event, State
from ml_connector.flows import intake
from ml_connector.flows.surroundings import Surroundings, settings_of
from ml_connector.flows.troubles import Troubles, wait_s
from ml_connector.store import documents, payments
from ml_connector.store.cents import cents
from ml_connector.store.chain import Entry, ExchangeRef, Ledger, writing
from ml_connector.store.documents import Hop
from ml_connector.store.models import Connection, Document

_PER_COMMIT = 100
_CLOCKS_APART = timedelta(days=1)  # the zone of Basware's filter by time is not documented


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """Basware has the answer: it took it now, or is seen to hold it."""

    exchange: Exchange
    told: bool = True  #: by this answer; else the invoice stands already where the answer would lead


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rejected:
    """Basware will never take the answer."""

    fault: Fault
    exchange: Exchange | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Later:
    """Basware could not be reached or is not ready, or the outcome is not known."""

    trouble: TryAgain


@dataclass(frozen=True, slots=True, kw_only=True)
class _Nothing:
    """Basware has heard of it already; nothing was sent."""


_Outcome = _Taken | _Rejected | _Later | _Nothing


@dataclass(slots=True)
class _Answer:
    """One document, what there is to say about its payments, and what came of saying it."""

    document: Document
    read_first: bool = False  #: what Basware offers could not be looked at, so the invoice itself is
    payment: PaymentState | None = None
    outcome: _Outcome | None = None


def send_answers(surroundings: Surroundings, connection: Connection) -> None:
    """Tell Basware of every transfer and every payment it does not know of yet.

    Raises:
        TryAgain: Basware could not take all of them; what it took is noted.
        NeedsOperator: Basware does not let us.
    """
    if connection.dry_run:
        return
    client = surroundings.basware(connection)
    troubles = Troubles()
    _batches(
        surroundings,
        connection,
        troubles,
        documents.to_answer,
        lambda batch: _looked_first(surroundings, connection, batch),
        lambda answer: _answer(surroundings, connection, client, answer),
        _note,
    )
    _batches(
        surroundings,
        connection,
        troubles,
        documents.to_report_payment,
        lambda batch: _begin_reports(connection, batch),
        lambda answer: _report(surroundings, connection, client, answer),
        _note_paid,
    )
    troubles.raise_worst()


def _batches(
    surroundings: Surroundings,
    connection: Connection,
    troubles: Troubles,
    due: Callable[..., list[Document]],
    begin: Callable[[list[Document]], list[_Answer]],
    send: Callable[[_Answer], _Outcome],
    note: Callable[[Surroundings, Ledger, Sequence[_Answer]], None],
) -> None:
    after = 0
    while batch := due(connection.pk, surroundings.clock(), _PER_COMMIT, after):
        after = batch[-1].pk
        made = begin(batch)
        try:
            for answer in made:
                answer.outcome = answer.outcome or send(answer)
                if not isinstance(answer.outcome, _Later):
                    troubles.went_well()
                elif troubles.note(answer.outcome.trouble):
                    troubles.raise_worst()
        finally:
            # What was sent before a failure is kept.
            if any(answer.outcome for answer in made):
                with writing(connection.pk, surroundings.clock()) as ledger:
                    note(surroundings, ledger, [answer for answer in made if answer.outcome])


# Transfers.


def _looked_first(surroundings: Surroundings, connection: Connection, batch: Sequence[Document]) -> list[_Answer]:
    """Look at what Basware holds before it is answered, and return what is still to be answered then.

    A corrected invoice may have been transferred again since the last look, and even been acknowledged by another program.
    The answer to what it said before would close its new transfer, and nobody would ever see the correction.
    """
    since = min(document.acknowledged_at or surroundings.clock() for document in batch) - _CLOCKS_APART
    try:
        intake.fetch(surroundings, connection)
        intake.sweep(surroundings, connection, updated_after=since)
    except ConnectorError:
        # Looking is a duty of its own, which tells of its failure.
        return [_Answer(document, read_first=True) for document in batch]
    return [_Answer(document) for document in documents.still_to_answer(connection.pk, [d.pk for d in batch])]


def _corrected_unseen(client: BaswareClient, document: Document) -> _Later | _Rejected | None:
    """Return why an invoice is not answered now: Basware holds it corrected, which was not seen yet, or does not show it."""
    try:
        raw = client.invoice(InvoiceId(document.invoice_id))
    except TryAgain as trouble:
        return _Later(trouble=trouble)
    except Refused as refused:
        return _Rejected(fault=Fault(code="MLC-BW-01", detail=refused.words), exchange=refused.exchange)
    if raw is None:
        return None
    if raw.processing_status == "WaitingForTransfer":
        words = "Basware offers it again, perhaps corrected; it is answered when that was looked at."
    elif raw.processing_status == "TransferInProgress" and intake.was_corrected(document, raw):
        words = "Basware holds it corrected; it is answered when that was taken in."
    else:
        return None
    return _Later(trouble=with_exchange(TryAgain(words), _seen(raw)))


def _answer(surroundings: Surroundings, connection: Connection, client: BaswareClient, answer: _Answer) -> _Outcome:
    document = answer.document
    if answer.read_first and (unseen := _corrected_unseen(client, document)):
        return unseen
    settings = settings_of(connection)
    if document.state == State.POSTED:
        report = transfer_succeeded(
            TxnKind(document.kind), TxnId(document.txn_id), document.txn_number, linked=document.linked
        )
        content = f"success/{document.txn_id}"
    else:
        report = transfer_failed(document.reason, _why_not_entered(document), document.txn_id)
        content = "failure"
    name = response_code(InvoiceId(document.invoice_id), "transfer", document.response_no, content)
    try:
        body = transfer_response_body(
            report,
            external_code=name,
            source_system=settings.source_system,
            payment_block=document.payment_block,
            transfer_date=surroundings.clock().date(),
        )
    except WireLimit as error:
        return _Rejected(fault=Fault(code="MLC-BW-01", detail=str(error)), exchange=None)
    wanted = {"Transferred", "Paid"} if report.success else {"TransferFailed"}
    outcome = _deliver(client, document, ResponseKind.TRANSFER, name, body, client.send_transfer_response, wanted)
    if isinstance(outcome, _Taken) and not report.success and document.txn_id:
        return _shown(client, document, name, wanted)
    return outcome


def _shown(client: BaswareClient, document: Document, name: str, wanted: set[str]) -> _Outcome:
    """Read back whether Basware took that a transfer failed of which it was told before that it succeeded.

    It may say yes and drop it, and stay at Transferred: what nobody waits for, no sweep ever finds. Basware's documents do
    not say what becomes of a second response; docs/reference/basware.md.
    """
    try:
        held, stands_at = _held(client, InvoiceId(document.invoice_id), ResponseKind.TRANSFER, name, wanted)
    except TryAgain as trouble:
        return _Later(trouble=trouble)
    except Refused as refused:
        return _Rejected(fault=Fault(code="MLC-BW-01", detail=refused.words), exchange=refused.exchange)
    return held or _Later(trouble=TryAgain(f"Basware took the answer, but shows the invoice as {stands_at} still."))


def _why_not_entered(document: Document) -> list[Fault]:
    return [] if document.txn_id else documents.faults_of(document)


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
        if kind is ResponseKind.TRANSFER and document.answer_tries:
            held, _ = _held(client, invoice_id, kind, name, wanted)
            if held is not None:
                return held
        sent = send(invoice_id, body)
        if isinstance(sent, Sent):
            return _Taken(exchange=sent.exchange)
        held, stands_at = _held(client, invoice_id, kind, name, wanted)
        if held is not None:
            return held
        words = f"{sent.errors.words or 'no reason given'} (HTTP {sent.status}); it stands at {stands_at} there"
        return _Rejected(fault=Fault(code="MLC-BW-01", detail=words), exchange=sent.exchange)
    except TryAgain as trouble:
        return _Later(trouble=trouble)
    except Refused as refused:
        code = "MLC-BW-02" if refused.code == "404" else "MLC-BW-01"
        return _Rejected(fault=Fault(code=code, detail=refused.words), exchange=refused.exchange)


def _held(
    client: BaswareClient, invoice_id: InvoiceId, kind: ResponseKind, name: str, wanted: set[str]
) -> tuple[_Outcome | None, str]:
    """Read the invoice back and judge it; return with it where the invoice stands."""
    raw = client.invoice(invoice_id)
    if raw is None:
        return _Rejected(fault=Fault(code="MLC-BW-02"), exchange=None), ""
    return _judged(raw, kind, name, wanted), raw.processing_status


def _judged(raw: RawInvoice, kind: ResponseKind, name: str, wanted: set[str]) -> _Outcome | None:
    """Basware has our answer if the invoice holds its name, or stands where the answer would lead."""
    told = name in responses_of(raw)[kind]
    if told or raw.processing_status in wanted:
        return _Taken(exchange=_seen(raw), told=told)
    if kind is ResponseKind.PAYMENT and raw.processing_status == "TransferInProgress":
        # Basware works on the transfer response still, and takes payments only after it.
        return _Later(trouble=with_exchange(TryAgain("Basware has not finished the transfer yet."), _seen(raw)))
    return None


def _seen(raw: RawInvoice) -> Exchange:
    what = f"GET accountingDocuments/{raw.invoice_id}"
    return Exchange(system="basware", what=what, response=raw.raw, status=raw.processing_status)


def _note(surroundings: Surroundings, ledger: Ledger, made: Sequence[_Answer]) -> None:
    refs = iter(ledger.keep_all([d.outcome.exchange for d in made if isinstance(d.outcome, _Taken)]))
    hops: list[Hop] = []
    for done in made:
        document, outcome = done.document, done.outcome
        if isinstance(outcome, _Taken):
            posted = document.state == State.POSTED
            event = Event.CONFIRMED if posted else Event.RETURNED
            words = f"Basware knows it as {document.txn_id}." if posted else "Basware knows that it failed."
            if not outcome.told:
                words = "Basware had the answer already, and keeps what it was told first."
            changes: dict[str, object] = {"answer_tries": 0, "due_at": None, "response_no": document.response_no + 1}
            if posted:
                changes |= {"confirmed_at": ledger.now, "faults": []}
            if document.answer_fault is not None:
                changes["answer_fault"] = None
            hops.append(Hop(document=document, event=event, words=words, changes=changes, exchange=next(refs)))
        elif isinstance(outcome, _Rejected | _Later):
            _note_trouble(surroundings, ledger, document, outcome)
    documents.hop_all(ledger, hops)


def _note_trouble(surroundings: Surroundings, ledger: Ledger, document: Document, outcome: _Rejected | _Later) -> None:
    """Keep the document where it is: QuickBooks has it, or a person gave it up, and Basware is still to be told."""
    tries = document.answer_tries + 1
    if isinstance(outcome, _Later):
        pause_s = wait_s(surroundings, settings_of(ledger.connection), outcome.trouble, tries)
        documents.change(document, answer_tries=tries, due_at=ledger.now + timedelta(seconds=pause_s))
        words = f"Basware could not be told: {outcome.trouble}"
        exchange = outcome.trouble.exchange
    else:
        # Asked again once a day, and at once when a person says so.
        (fault,) = documents.faults_as_json([outcome.fault])
        documents.change(document, answer_tries=tries, due_at=ledger.now + timedelta(days=1), answer_fault=fault)
        words, exchange = outcome.fault.says, outcome.exchange
    ref = ledger.keep(exchange) if exchange is not None else None
    ledger.note(Entry(event="answer_failed", words=words, document_id=document.pk, exchange=ref))


# Payments.


def _begin_reports(connection: Connection, batch: list[Document]) -> list[_Answer]:
    """Add up what is paid on each Bill, and commit what is about to be said.

    A report whose outcome is unknown must be known to exist, even if the process ends here: Basware may have taken it, so
    that the present state is news to it although it equals what was last confirmed.
    """
    begun: list[_Answer] = []
    to_send: list[Document] = []
    for document, state in _states(connection.pk, batch):
        said_before = state.content == (document.payment_content or NOTHING_PAID.content)
        if said_before and not document.payment_tried:
            begun.append(_Answer(document, payment=state, outcome=_Nothing()))
            continue
        begun.append(_Answer(document, payment=state))
        if document.payment_tried not in {"", state.content}:
            document.payment_no += 1
        if document.payment_tried != state.content:
            document.payment_tried = state.content
            to_send.append(document)
    Document.objects.bulk_update(to_send, ["payment_no", "payment_tried"])
    return begun


def _states(connection_id: int, batch: Sequence[Document]) -> list[tuple[Document, PaymentState]]:
    applied = payments.applied_to(connection_id, [document.txn_id for document in batch])
    return [(document, payment_state(applied.get(document.txn_id, []), document.payments_told)) for document in batch]


def _report(surroundings: Surroundings, connection: Connection, client: BaswareClient, answer: _Answer) -> _Outcome:
    document, state = answer.document, answer.payment or NOTHING_PAID
    invoice_id = InvoiceId(document.invoice_id)
    name = response_code(invoice_id, "payment", document.payment_no, state.content)
    try:
        # The response clears what it leaves out, so it repeats the fields as they stand in Basware now.
        current = client.invoice(invoice_id)
        if current is not None and (held := _judged(current, ResponseKind.PAYMENT, name, set())) is not None:
            return held
        own = payment_fields(current.raw if current is not None else bytes(document.raw))
        body = payment_response_body(
            state,
            external_code=name,
            source_system=settings_of(connection).source_system,
            keep=replace(own, payment_method=state.method or own.payment_method),
            reported_on=surroundings.clock().date(),
        )
    except WireLimit as error:
        return _Rejected(fault=Fault(code="MLC-BW-01", detail=str(error)), exchange=None)
    except TryAgain as trouble:
        return _Later(trouble=trouble)
    except Refused as refused:
        return _Rejected(fault=Fault(code="MLC-BW-01", detail=refused.words), exchange=refused.exchange)
    return _deliver(client, document, ResponseKind.PAYMENT, name, body, client.send_payment_response, set())


def _note_paid(surroundings: Surroundings, ledger: Ledger, made: Sequence[_Answer]) -> None:
    refs = iter(ledger.keep_all([a.outcome.exchange for a in made if isinstance(a.outcome, _Taken)]))
    # A payment may have been entered, or deleted, while Basware was being told.
    now_paid = {
        document.pk: state.content for document, state in _states(ledger.connection.pk, [a.document for a in made])
    }
    hops: list[Hop] = []
    for answer in made:
        document, outcome, state = answer.document, answer.outcome, answer.payment or NOTHING_PAID
        still_due = now_paid[document.pk] != state.content
        if isinstance(outcome, _Nothing):
            ended = documents.refusal_ended(document, ledger.now)
            documents.change(document, payment_due=still_due, answer_tries=0, **ended)
            if document.state == State.CONFIRMED and not still_due and _whole(document, state):
                # It was a question meanwhile; what is paid had been told before.
                words = "Everything is paid, and Basware knows."
                hops.append(Hop(document=document, event=Event.PAID_IN_FULL, words=words))
        elif isinstance(outcome, _Taken):
            hops.append(_told(document, state, next(refs), ledger.now, still_due=still_due))
        elif outcome is not None:
            _note_trouble(surroundings, ledger, document, outcome)
    documents.hop_all(ledger, hops)


def _whole(document: Document, state: PaymentState) -> bool:
    return cents(state.paid + state.discount) >= document.gross_cents


def _told(document: Document, state: PaymentState, exchange: ExchangeRef, now: datetime, *, still_due: bool) -> Hop:
    whole = _whole(document, state)
    return Hop(
        document=document,
        event=Event.PAID_IN_FULL if whole else Event.PAYMENT_CHANGED,
        words=f"Basware knows that {state.paid:.2f} is paid, discount {state.discount:.2f}.",
        exchange=exchange,
        changes={
            "paid_cents": cents(state.paid),
            "discount_cents": cents(state.discount),
            "payment_content": state.content,
            "payments_told": list(state.counted),
            "payment_no": document.payment_no + 1,
            "payment_tried": "",
            "payment_due": still_due,
            "payment_told_at": now,
            "answer_tries": 0,
            "answer_fault": None,
            "due_at": None,
        },
    )
