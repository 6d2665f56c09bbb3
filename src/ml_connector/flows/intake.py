"""Intake: approved invoices from Basware are stored raw, and only then acknowledged."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ml_connector.basware.client import Acknowledged, Acknowledgement, BaswareClient, InvoicePage
from ml_connector.basware.masking import with_exchange
from ml_connector.basware.read import read_invoice
from ml_connector.basware.wire import RawInvoice, Unreadable, last_updated_of
from ml_connector.core.errors import ConnectorError, NeedsOperator, Refused, TryAgain
from ml_connector.core.exchange import Exchange
from ml_connector.core.faults import Fault
from ml_connector.core.invoice import InvoiceId, content_digest
from ml_connector.core.states import HAS_OR_MAY_HAVE_BILL, Event, State, can
from ml_connector.flows.surroundings import Surroundings, company_codes, settings_of
from ml_connector.flows.troubles import Troubles, wait_s
from ml_connector.store import documents, duties
from ml_connector.store import known as entered
from ml_connector.store.cents import cents
from ml_connector.store.chain import Entry, ExchangeRef, Ledger, writing
from ml_connector.store.documents import Hop, NewDocument
from ml_connector.store.models import Connection, Document

_WAITING = "WaitingForTransfer"
_IN_PROGRESS = "TransferInProgress"
_UNDER_WAY = frozenset({State.SENT, State.IN_DOUBT, State.MODIFYING})
_ACKNOWLEDGED_PER_COMMIT = 100
_PAGES_MAX = 10_000  # of one list: a million invoices
_VERDICT_WITHIN = timedelta(hours=1)  # P2P applies an answer within minutes


def fetch(surroundings: Surroundings, connection: Connection) -> int:
    """Read every page of invoices that wait for transfer, store them, and acknowledge what is stored; return how many are
    new or came again.

    Raises:
        TryAgain: Basware could not be asked, or did not take every acknowledgement; what was stored is noted.
        NeedsOperator: Basware does not let us, or its lists hold what cannot be taken in.
    """
    taken = 0
    client = surroundings.basware(connection)
    pages = _Pages(client)
    put_off: set[int] = set()
    for company in company_codes(connection):
        # Nothing is acknowledged before the last page: an acknowledged invoice leaves the list and would move the pages.
        for page in pages.of(_WAITING, company):
            taken += _store(surroundings, connection, page, put_off)
    if connection.dry_run:
        duties.wake(connection.pk, surroundings.clock(), duties.PLANNING)
    else:
        acknowledge(surroundings, connection, put_off)
    pages.complain()
    return taken


def sweep(surroundings: Surroundings, connection: Connection, *, updated_after: datetime | None = None) -> int:
    """Look for invoices that Basware counts as being transferred: unknown ones are taken in, corrected ones too, and
    answered ones are answered again; return how many. `updated_after`, aware, leaves out what did not change since then.

    They would be lost otherwise: Basware offers them no more, and fails them some day without a word.

    Raises: as `fetch` does.
    """
    taken = 0
    client = surroundings.basware(connection)
    pages = _Pages(client)
    for company in company_codes(connection):
        for page in pages.of(_IN_PROGRESS, company, updated_after):
            taken += _store_swept(surroundings, connection, page)
    if taken:
        # What is stored is acknowledged after the next look at what waits, which may hold other content than the stored one.
        duties.wake(connection.pk, surroundings.clock(), duties.INVOICES)
    pages.complain()
    return taken


def _store_swept(surroundings: Surroundings, connection: Connection, page: InvoicePage) -> int:
    swept = {raw.invoice_id: raw for raw in page.invoices}
    known = documents.known(connection.pk, swept)
    missing = [_new(raw) for key, raw in swept.items() if key not in known]
    unanswered = [d for d in known.values() if _was_answered_in_vain(d, surroundings.clock())]
    corrected = [d for d in known.values() if was_corrected(d, swept[InvoiceId(d.invoice_id)])]
    unanswered = [d for d in unanswered if d not in corrected]
    if not missing and not unanswered and not corrected:
        return 0
    with writing(connection.pk, surroundings.clock()) as ledger:
        exchange = ledger.keep(page.exchange)
        documents.receive(ledger, missing, exchange)
        documents.hop_all(ledger, [_answered_in_vain(document, exchange) for document in unanswered])
        for document in corrected:
            _offered_again(ledger, document, swept[InvoiceId(document.invoice_id)], exchange)
        if unanswered:
            duties.wake(connection.pk, ledger.now, duties.ANSWERS)
    return len(missing) + len(unanswered) + len(corrected)


def was_corrected(document: Document, raw: RawInvoice) -> bool:
    """Tell whether an invoice that Basware counts as being transferred was transferred again with other content, and
    acknowledged before we saw it: by another program, or by an acknowledgement of ours that arrived late.

    A page that lags behind holds what it was before, and does not count.
    """
    if document.acknowledged_at is None or document.state in _UNDER_WAY:
        return False
    stored = bytes(document.raw)
    return raw.last_updated >= last_updated_of(stored) and _content_of(raw.raw) != _content_of(stored)


def _was_answered_in_vain(document: Document, now: datetime) -> bool:
    """Basware took our answer, but P2P did not: the invoice still counts as being transferred long after it."""
    if document.acknowledged_at is None or document.changed_at > now - _VERDICT_WITHIN:
        return False
    return can(State(document.state), Event.ANSWER_DROPPED)


def _answered_in_vain(document: Document, exchange: ExchangeRef) -> Hop:
    return Hop(
        document=document,
        event=Event.ANSWER_DROPPED,
        words="Basware took the answer, but still counts the invoice as being transferred; it is answered again.",
        changes=_to_be_told_anew(document) | {"due_at": None},
        exchange=exchange,
    )


class _Pages:
    """Reads lists of invoices page by page, and keeps what Basware should not have put on them."""

    def __init__(self, client: BaswareClient) -> None:
        self._client = client
        self._oddities: list[str] = []

    def of(self, status: str, company: str, updated_after: datetime | None = None) -> Iterator[InvoicePage]:
        """Yield the pages of one list, without the invoices that were not asked for."""
        continuation = ""
        seen: set[str] = set()
        while True:
            page = self._client.invoice_page(status, company, continuation, updated_after=updated_after)
            yield self._as_asked(page, status, company)
            continuation = page.continuation
            if not continuation:
                return
            if continuation in seen or len(seen) == _PAGES_MAX:
                self._oddities.append(f"Basware's list of invoices of company {company} does not come to an end.")
                return
            seen.add(continuation)

    def complain(self) -> None:
        """Raise NeedsOperator if a list held anything that could not be taken in."""
        if self._oddities:
            raise NeedsOperator(f"{' '.join(self._oddities)} Ask Basware's support.")

    def _as_asked(self, page: InvoicePage, status: str, company: str) -> InvoicePage:
        # The list lags behind now and then: an invoice that says itself that it is elsewhere is not taken from there.
        current = [raw for raw in page.invoices if raw.processing_status in {status, ""}]
        ours = [raw for raw in current if raw.company_code.casefold() == company.casefold()]
        if len(ours) < len(current):
            other = next(raw for raw in current if raw not in ours)
            self._oddities.append(
                f"Basware lists {len(current) - len(ours)} invoices under company {company} that are not its own, such as"
                f" {other.invoice_id} of company {other.company_code or 'none'}; they were not taken in."
            )
        if page.nameless:
            count = len(page.nameless)
            self._oddities.append(f"Basware lists {count} invoices of company {company} without an invoiceId.")
        return page if len(ours) == len(page.invoices) else replace(page, invoices=tuple(ours))


def _new(raw: RawInvoice) -> NewDocument:
    return NewDocument(
        invoice_id=raw.invoice_id, company_code=raw.company_code, payment_block=raw.payment_block, raw=raw.raw
    )


def _store(surroundings: Surroundings, connection: Connection, page: InvoicePage, put_off: set[int]) -> int:
    """Store one page in one transaction. `put_off` gathers the documents whose Bill is under way: what is offered for them
    is compared when the outcome is known, and until then neither acknowledged nor answered."""
    if not page.invoices:
        return 0
    with writing(connection.pk, surroundings.clock()) as ledger:
        offered = {raw.invoice_id: raw for raw in page.invoices}
        known = documents.known(connection.pk, offered)
        again = [known[key] for key in offered if key in known]
        for document in again:
            if document.state in _UNDER_WAY:
                put_off.add(document.pk)
                if document.acknowledged_at is not None:
                    documents.change(document, acknowledged_at=None)
        new = [_new(raw) for key, raw in offered.items() if key not in known]
        returned = [document for document in again if _comes_again(document, offered[InvoiceId(document.invoice_id)])]
        if not new and not returned:
            return 0
        exchange = ledger.keep(page.exchange)
        documents.receive(ledger, new, exchange)
        for document in returned:
            _offered_again(ledger, document, offered[InvoiceId(document.invoice_id)], exchange)
        return len(new) + len(returned)


def _comes_again(document: Document, raw: RawInvoice) -> bool:
    """A document that is stored but not acknowledged yet is still offered, and one whose Bill is under way waits until
    its outcome is known."""
    if document.state in _UNDER_WAY:
        return False
    return document.acknowledged_at is not None or document.raw_sha256 != documents.bytes_sha256(raw.raw)


def _offered_again(ledger: Ledger, document: Document, raw: RawInvoice, exchange: ExchangeRef) -> None:
    content = {
        "raw": raw.raw, "raw_sha256": documents.bytes_sha256(raw.raw), "payment_block": raw.payment_block,
    }  # fmt: skip
    if document.state == State.RECEIVED:
        documents.change(document, **content)
        return
    reoffer: dict[str, object] = {"acknowledged_at": None, "due_at": None, "reason": "", "answer_fault": None}
    changed = _content_of(raw.raw) != _content_of(bytes(document.raw))
    event = Event.OFFERED_CHANGED if changed else Event.OFFERED_AGAIN
    if changed:
        # What a person decided was decided on what the invoice said then.
        reoffer |= {"post_new": False, "wanted_txn_id": "", "alone": False}
    if document.state == State.POSTED and not changed:
        # Its answer is still to be given. Under a name of its own, because the earlier transfer may have been answered
        # without our knowing, and that answer does not count for this one.
        fresh = {"response_no": document.response_no + 1, "answer_tries": 0, "due_at": None, "answer_fault": None}
        documents.change(document, acknowledged_at=None, **fresh)
        return
    if not can(State(document.state), event):
        return
    if document.state in HAS_OR_MAY_HAVE_BILL:
        words = "Basware offers it again; it is in QuickBooks already."
        if changed:
            detail = "compare the two and correct the one in QuickBooks where they differ"
            fault = Fault(code="MLC-CHANGED-01", value=f"{document.kind} {document.txn_id}", detail=detail)
            words = fault.says
            if not any(earlier.code == entered.LOST for earlier in documents.faults_of(document)):
                reoffer["faults"] = documents.faults_as_json([fault])
                reoffer |= {"compare_due": True, "tries": 0}
        reoffer |= _to_be_told_anew(document) | _offered_amount(raw.raw)
        if not changed and document.state != State.CHANGED:
            # The Bill may be gone meanwhile: QuickBooks is asked for it before Basware is told that it is there.
            reoffer["wanted_txn_id"] = document.txn_id
    else:
        words = "Basware offers it again; it is planned anew."
        reoffer |= {"plan_no": document.plan_no + 1, "faults": [], "request_xml": "", "plan_basis": "", "tries": 0}
        reoffer["remark"] = ""
        if document.state == State.GIVEN_UP:
            # Basware may have taken the failure without our knowing; that answer does not count for this transfer.
            reoffer |= {"response_no": document.response_no + 1, "answer_tries": 0}
        if document.txn_id:
            reoffer |= _to_be_told_anew(document)
    hop = Hop(document=document, event=event, words=words, changes=reoffer | content, exchange=exchange)
    documents.hop_all(ledger, [hop])


def _to_be_told_anew(document: Document) -> dict[str, object]:
    """Return what changes when a transfer must be answered once more: under a new name, and what is paid after it.

    The new transfer may put the invoice back to unpaid in Basware, or leave it as it was told before: what is paid is said
    anew even if it is nothing.
    """
    anew: dict[str, object] = {"response_no": document.response_no + 1, "answer_tries": 0, "answer_fault": None}
    if document.payment_content or document.payment_tried:
        anew |= {"payment_content": "", "payment_due": True}
        anew |= {"payment_tried": document.payment_content or document.payment_tried, "payment_told_at": None}
        anew["payment_no"] = document.payment_no + 1
    return anew


def _offered_amount(raw: bytes) -> dict[str, object]:
    """Return what the invoice amounts to now, for the month's sums; its Bill is still what it was."""
    try:
        return {"basware_cents": cents(read_invoice(raw).gross.amount)}
    except Unreadable:
        return {}


def _content_of(raw: bytes) -> str:
    """Name what an invoice says; one that cannot be read is named by its bytes."""
    try:
        return content_digest(read_invoice(raw))
    except Unreadable:
        return documents.bytes_sha256(raw)


def acknowledge(surroundings: Surroundings, connection: Connection, put_off: Collection[int] = ()) -> int:
    """Acknowledge what is stored, but for `put_off`; return how many. One that fails does not hold up the others.

    A crash in between does no harm: the second acknowledgement is answered with 405, and the invoice is then read back.
    """
    client = surroundings.basware(connection)
    troubles = Troubles()
    done = 0
    while True:
        batch = documents.to_acknowledge(connection.pk, surroundings.clock(), _ACKNOWLEDGED_PER_COMMIT, put_off)
        answers: list[_Reply] = []
        failed: list[tuple[Document, ConnectorError]] = []
        stop = False
        try:
            for document in batch:
                try:
                    answers.append(_acknowledge_one(client, document))
                    troubles.went_well()
                except (TryAgain, Refused) as trouble:
                    failed.append((document, trouble))
                    if stop := troubles.note(trouble):
                        break
        finally:
            # What was acknowledged before a failure is kept.
            if answers or failed:
                _note_acknowledged(surroundings, connection, answers, failed)
        done += len(answers)
        if stop or len(batch) < _ACKNOWLEDGED_PER_COMMIT:
            troubles.raise_worst()
            return done


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    """What Basware said to an acknowledgement."""

    document: Document
    made: Acknowledgement
    now: RawInvoice | None = None  #: the invoice as it is being transferred, where it was read back


def _acknowledge_one(client: BaswareClient, document: Document) -> _Reply:
    """Acknowledge one invoice. If it does not wait for that, an earlier acknowledgement of ours won and its answer was
    lost, or somebody took the invoice away meanwhile: only the invoice itself tells which."""
    invoice_id = InvoiceId(document.invoice_id)
    made = client.acknowledge(invoice_id)
    if made.outcome is not Acknowledged.ALREADY:
        return _Reply(document=document, made=made)
    raw = client.invoice(invoice_id)
    if raw is None:
        return _Reply(document=document, made=replace(made, outcome=Acknowledged.GONE))
    if raw.processing_status == _WAITING:
        raise with_exchange(TryAgain("Basware does not take the acknowledgement of a waiting invoice."), made.exchange)
    what = f"GET accountingDocuments/{invoice_id}"
    seen = Exchange(system="basware", what=what, response=raw.raw, status=raw.processing_status)
    made = replace(made, exchange=seen, found=raw.processing_status)
    return _Reply(document=document, made=made, now=raw if raw.processing_status == _IN_PROGRESS else None)


def _note_acknowledged(
    surroundings: Surroundings,
    connection: Connection,
    answers: Sequence[_Reply],
    failed: Sequence[tuple[Document, ConnectorError]],
) -> None:
    with writing(connection.pk, surroundings.clock()) as ledger:
        refs = ledger.keep_all([answer.made.exchange for answer in answers])
        hops: list[Hop] = []
        blocked: list[Hop] = []
        for answered, ref in zip(answers, refs, strict=True):
            document, answer = answered.document, answered.made
            if answered.now is not None:
                _take_unseen_correction(ledger, document, answered.now, ref)
            words = _ACKNOWLEDGED_WORDS[answer.outcome]
            changes: dict[str, object] = {"acknowledged_at": ledger.now}
            if document.due_at is not None:
                changes |= {"due_at": None, "answer_tries": 0}
            if document.state == State.RECEIVED:
                hops.append(
                    Hop(document=document, event=Event.ACKNOWLEDGED, words=words, changes=changes, exchange=ref)
                )
                if fault := _not_for_us(answer):
                    faults = {"faults": documents.faults_as_json([fault])}
                    blocked.append(Hop(document=document, event=Event.FOUND_FAULTS, words=fault.says, changes=faults))
            else:
                documents.change(document, **changes)
                ledger.note(Entry(event="acknowledged", words=words, document_id=document.pk, exchange=ref))
        documents.hop_all(ledger, hops)
        documents.hop_all(ledger, blocked)
        for document, trouble in failed:
            _note_failed(surroundings, ledger, document, trouble)
        duties.wake(connection.pk, ledger.now, duties.PLANNING)


def _take_unseen_correction(ledger: Ledger, document: Document, raw: RawInvoice, exchange: ExchangeRef) -> None:
    """An invoice that was acknowledged without our knowing may have been corrected before that: then what was stored is not
    what Basware waits to hear of."""
    known = documents.of(ledger.connection.pk).get(pk=document.pk)
    stored = bytes(known.raw)
    if raw.last_updated >= last_updated_of(stored) and _content_of(raw.raw) != _content_of(stored):
        _offered_again(ledger, known, raw, exchange)


def _not_for_us(answer: Acknowledgement) -> Fault | None:
    """Return why no Bill may be made of an invoice that has none: Basware does not wait for its transfer."""
    if answer.outcome is Acknowledged.GONE:
        return Fault(code="MLC-BW-02")
    if answer.found not in {"", _IN_PROGRESS}:
        return Fault(code="MLC-BW-03", value=answer.found)
    return None


def _note_failed(surroundings: Surroundings, ledger: Ledger, document: Document, trouble: ConnectorError) -> None:
    tries = document.answer_tries + 1
    pause_s = wait_s(surroundings, settings_of(ledger.connection), trouble, tries)
    documents.change(document, answer_tries=tries, due_at=ledger.now + timedelta(seconds=pause_s))
    ref = ledger.keep(trouble.exchange) if trouble.exchange is not None else None
    words = f"It could not be acknowledged: {trouble}"
    ledger.note(Entry(event="acknowledge_failed", words=words, document_id=document.pk, exchange=ref))


_ACKNOWLEDGED_WORDS = {
    Acknowledged.DONE: "Acknowledged; Basware no longer offers it.",
    Acknowledged.ALREADY: "Acknowledged earlier; Basware no longer offers it.",
    Acknowledged.GONE: "Basware does not know this invoice any more, so it could not be acknowledged.",
}
