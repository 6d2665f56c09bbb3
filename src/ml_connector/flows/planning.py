"""Planning: from the raw invoice to the exact request that will enter it, or to every reason why it cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.basware.read import read_invoice
from ml_connector.basware.wire import Unreadable
from ml_connector.core.books import ListKind
from ml_connector.core.faults import Fault, Faults
from ml_connector.core.identity import request_id
from ml_connector.core.invoice import Invoice
from ml_connector.core.plan import Policy, plan_bill, vendor_meant
from ml_connector.core.plan_values import BillPlan
from ml_connector.core.states import Event, State
from ml_connector.flows.surroundings import Surroundings, settings_of
from ml_connector.quickbooks.limits import WireLimit
from ml_connector.quickbooks.posting import add_request, text_changes, wire_ref_number
from ml_connector.quickbooks.versions import NEWEST, Version, read_version
from ml_connector.store import documents, duties, lists
from ml_connector.store.cents import cents
from ml_connector.store.chain import Ledger, writing
from ml_connector.store.documents import Hop
from ml_connector.store.models import Connection, Document

_BATCH = 200


def plan_due(surroundings: Surroundings, connection_id: int) -> int:
    """Plan everything that is due, in batches of one transaction each; return how many can be posted."""
    postable = 0
    if not duties.was_done(connection_id, duties.LISTS):
        return 0  # what is not read yet cannot be missing: the first reading of the lists wakes this duty
    while True:
        now = surroundings.clock()
        with writing(connection_id, now) as ledger:
            due = documents.to_plan(connection_id, basis_of(ledger.connection), now, _BATCH)
            postable += plan_all(ledger, due)
        if len(due) < _BATCH:
            return postable


def basis_of(connection: Connection) -> str:
    """Name what a plan rests on: the lists, the mapping, the qbXML version and the policy. Another basis, another plan."""
    policy = int(settings_of(connection).post_payment_blocked)
    return f"{connection.books_version}.{connection.mapping_version}.{version_of(connection)}.{policy}"


def version_of(connection: Connection) -> Version:
    """Return the qbXML version spoken with this company file; the newest until it has answered for the first time."""
    return read_version(connection.qbxml_version) or NEWEST


def plan_all(ledger: Ledger, due: Sequence[Document]) -> int:
    """Plan documents within the ledger's transaction; return how many can be posted."""
    basis, version = basis_of(ledger.connection), version_of(ledger.connection)
    hops: list[Hop] = []
    ready: list[Document] = []
    for document in due:
        if _waits_for_a_person(document, ledger):
            documents.change(document, plan_basis=basis)
        else:
            ready.append(document)
    for decision in decide(ledger.connection, ready):
        document, plan = decision.document, decision.plan
        if plan is None:
            _blocked(document, basis, decision.faults, decision.about, hops)
            continue
        if _was_refused(document, plan, version):
            documents.change(document, plan_basis=basis)
            continue
        if document.state == State.PLANNED:
            documents.change(document, request_xml=decision.text, plan_basis=basis, **planned_columns(plan))
            continue
        hops.append(
            Hop(
                document=document,
                event=Event.PLANNED,
                words=_planned_words(plan),
                changes=decision.about
                | planned_columns(plan)
                | {"request_xml": decision.text, "plan_basis": basis, "faults": [], "due_at": None},
            )
        )
    documents.hop_all(ledger, hops)
    return sum(1 for hop in hops if hop.event is Event.PLANNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What planning made of one invoice: a plan and its exact request, or every fault."""

    document: Document
    about: dict[str, object]  #: columns that describe the invoice; empty if it cannot be read
    plan: BillPlan | None = None
    text: str = ""
    faults: Sequence[Fault] = ()


def decide(connection: Connection, due: Sequence[Document]) -> list[Decision]:
    """Decide what becomes of documents as their invoices and the lists now are. Writes nothing."""
    version = version_of(connection)
    policy = Policy(post_payment_blocked=settings_of(connection).post_payment_blocked)
    mapping = lists.mapping_of(connection)
    readings = [(document, read(document)) for document in due]
    books = lists.books_for(connection, _codes_of([r for _, r in readings if isinstance(r, Invoice)]), mapping)
    decisions: list[Decision] = []
    for document, reading in readings:
        if isinstance(reading, Fault):
            decisions.append(Decision(document=document, about={}, faults=[reading]))
            continue
        about = about_invoice(reading)
        decided = plan_bill(reading, books, mapping, policy)
        if isinstance(decided, BillPlan) and not wire_ref_number(decided.ref_number):
            decided = Faults([Fault(code="MLC-NUMBER-01")])  # nothing of it can be seen
        if isinstance(decided, Faults):
            decisions.append(Decision(document=document, about=about, faults=decided.items))
            continue
        try:
            text = add_request(decided, request_id(document.pk, document.plan_no), version)
        except WireLimit as error:
            fault = Fault(code="MLC-READ-01", detail=str(error))
            decisions.append(Decision(document=document, about=about, faults=[fault]))
            continue
        decisions.append(Decision(document=document, about=about, plan=decided, text=text))
    return decisions


def plan_one(connection: Connection, document: Document) -> BillPlan | Sequence[Fault]:
    """Decide what Bill the invoice would become as it says now, or every reason why it cannot become one."""
    reading = read(document)
    if isinstance(reading, Fault):
        return [reading]
    mapping = lists.mapping_of(connection)
    policy = Policy(post_payment_blocked=settings_of(connection).post_payment_blocked)
    decided = plan_bill(reading, lists.books_for(connection, _codes_of([reading]), mapping), mapping, policy)
    return decided if isinstance(decided, BillPlan) else decided.items


def _waits_for_a_person(document: Document, ledger: Ledger) -> bool:
    """A refusal or a question is not answered by a change of lists; only its time, if it has one, or a person leads on."""
    if document.state != State.BLOCKED or documents.may_heal_by_planning(document.faults):
        return False
    if documents.points_nowhere(document.faults):
        return False  # what the lists say of the reference now may be a better reason, or another reference
    return document.due_at is None or document.due_at > ledger.now


def _was_refused(document: Document, plan: BillPlan, version: Version) -> bool:
    """Tell whether a plan is the one that QuickBooks refused a reference of: sent again, it would be refused again. What
    the lists do not show, a person mends, and then retries it."""
    if document.state != State.BLOCKED or not documents.points_nowhere(document.faults):
        return False
    return add_request(plan, request_id(document.pk, document.plan_no - 1), version) == document.request_xml


def vendor_of(connection: Connection, invoice: Invoice) -> str:
    """Return the ListID of the vendor an invoice means; empty if that is not known."""
    mapping = lists.mapping_of(connection)
    books = lists.books_for(connection, {ListKind.VENDOR: {invoice.supplier_code}}, mapping)
    return vendor_meant(invoice, books, mapping)


def read(document: Document) -> Invoice | Fault:
    """Read the invoice as it was last offered, or return why it cannot be read."""
    try:
        return read_invoice(bytes(document.raw))
    except Unreadable as error:
        return Fault(code="MLC-READ-01", detail=" ".join(error.reasons))


def _codes_of(invoices: Sequence[Invoice]) -> dict[ListKind, set[str]]:
    codes: dict[ListKind, set[str]] = {kind: set() for kind in ListKind}
    for invoice in invoices:
        codes[ListKind.VENDOR].add(invoice.supplier_code)
        codes[ListKind.TERMS].add(invoice.payment_term_code)
        for row in invoice.rows:
            codes[ListKind.ACCOUNT].add(row.account_code)
            codes[ListKind.CLASS].add(row.cost_center_code)
            codes[ListKind.CUSTOMER].add(row.project_code)
    return {kind: wanted - {""} for kind, wanted in codes.items()}


def about_invoice(invoice: Invoice) -> dict[str, object]:
    """Return the columns that describe an invoice to people."""
    day = invoice.invoice_date or invoice.voucher_date
    return {
        "supplier_code": invoice.supplier_code[:25],
        "supplier_name": invoice.supplier_name[:250],
        "invoice_number": invoice.invoice_number[:100],
        "invoice_date": day.isoformat() if day else "",
        "currency": invoice.gross.currency[:3],
        "gross_cents": cents(invoice.gross.amount),
    }


def planned_columns(plan: BillPlan) -> dict[str, object]:
    """Return the columns that say what a Bill will be found by."""
    return {
        "kind": plan.kind.value,
        "vendor_list_id": plan.vendor.list_id,
        "ref_number": wire_ref_number(plan.ref_number),
        "txn_date": plan.txn_date.isoformat(),
    }


def _planned_words(plan: BillPlan) -> str:
    lines = f"{len(plan.lines)} lines" if len(plan.lines) != 1 else "1 line"
    words = f"{plan.kind} of {plan.total} for {plan.vendor.full_name}, {lines}."
    return " ".join((words, *text_changes(plan)))


def _blocked(
    document: Document, basis: str, faults: Sequence[Fault], about: dict[str, object], hops: list[Hop]
) -> None:
    written = documents.faults_as_json(faults)
    if document.state == State.BLOCKED and document.faults == written:
        # Still blocked for the same reasons: nothing happened that the audit trail should tell.
        documents.change(document, plan_basis=basis, due_at=None)
        return
    hops.append(
        Hop(
            document=document,
            event=Event.FOUND_FAULTS,
            words=" ".join(fault.says for fault in faults),
            changes=about | {"faults": written, "plan_basis": basis, "due_at": None, "request_xml": ""},
        )
    )


def replan_if_stale(ledger: Ledger, waiting: Sequence[Document]) -> list[Document]:
    """Plan again what rests on lists, a mapping or a version that changed since; return what still waits for QuickBooks."""
    basis = basis_of(ledger.connection)
    stale = [document for document in waiting if document.plan_basis != basis]
    if stale:
        plan_all(ledger, stale)
    return [document for document in waiting if document.state == State.PLANNED]


def wake_after_change(surroundings: Surroundings, connection: Connection) -> None:
    """Have blocked documents planned again, because a list or the mapping changed."""
    duties.wake(connection.pk, surroundings.clock(), duties.PLANNING)
