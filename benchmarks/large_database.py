"""A database as a year of a large firm leaves it: documents in every state, their audit chain, exchanges and payments.

Written with bulk inserts, day by day, so that numbers, times and the chain run as they would have. The audit chain holds:
`ml-connector audit verify` finds nothing.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction

from ml_connector.core.books import ListKind
from ml_connector.core.exchange import Exchange as WireExchange
from ml_connector.core.faults import Fault
from ml_connector.store import day_figures, entry_events, list_progress, missing
from ml_connector.store.bulk import insert
from ml_connector.store.chain import entry_hash, exchange_hash
from ml_connector.store.documents import faults_as_json
from ml_connector.store.entry_events import Happened
from ml_connector.store.models import (
    AuditEntry,
    Connection,
    Document,
    Duty,
    Exchange,
    ListEntry,
    MessageSet,
    PaymentShare,
)
from ml_connector.store.rows import moment

DAYS = 365
_VENDORS, _ACCOUNTS = 400, 120
_JOBS = 50_000
_PUBLICATIONS = {1: "refused", 2: "due", 3: "sent"}
_IN_A_SET = 25
_LINES = 5
_TRADES = ("Concrete", "Roofing", "Plumbing", "Lumber", "Steel", "Paint", "Rental", "Electric", "Glass", "Paving")
_COUNTIES = ("Cascade", "Ridge", "Harbor", "Summit", "Valley", "Pioneer", "Granite", "Delta", "Prairie", "Union")
_PLANNED_FAULTS = (
    Fault(code="MLC-ACCOUNT-01", value="9999-OLD"), Fault(code="MLC-VENDOR-01", value="V-77"),
    Fault(code="MLC-QB-01", value="3140", detail="There is an invalid reference."),
)  # fmt: skip
_CHANGED_FAULTS = (
    Fault(code="MLC-CHANGED-05", value="Bill 1009-1", detail="amount 120.00 -> 130.00"),
    Fault(code="MLC-CHANGED-03", value="Bill 1009-1", detail="it was deleted there"),
)
_TO_POSTED = ("received", "acknowledged", "planned", "handed_over", "added")
_HOPS = {
    "received": ("", "received"), "acknowledged": ("received", "accepted"), "planned": ("accepted", "planned"),
    "handed_over": ("planned", "sent"), "added": ("sent", "posted"), "confirmed": ("posted", "confirmed"),
    "found_faults": ("accepted", "blocked"), "skipped": ("accepted", "skipped"), "returned": ("given_up", "returned"),
}  # fmt: skip
_WORDS = {
    "received": "Basware offers it for transfer; stored as it came.",
    "acknowledged": "Acknowledged; Basware no longer offers it.",
    "planned": "It is planned, and waits for the Web Connector.",
    "handed_over": "Handed to the Web Connector in a message set.",
    "added": "QuickBooks entered it.",
    "confirmed": "Basware knows it.",
    "paid_in_full": "Basware was told of the payment.",
}


@dataclass(slots=True)
class _Made:
    """One document on its way through the year."""

    number: int
    received: datetime
    state: str
    vendor: int
    cents: int
    currency: str

    @property
    def txn_id(self) -> str:
        return f"{self.number:X}-{int(self.received.timestamp())}"

    @property
    def entered(self) -> bool:
        return self.state in {"posted", "confirmed", "paid", "changed"}


def fill(connection: Connection, count: int, seed: int = 1) -> None:
    """Fill an empty database with `count` documents of one connection, the last of them received a moment ago."""
    dice = random.Random(seed)
    end = datetime.now(UTC).replace(microsecond=0)
    _lists(connection)
    Duty.objects.update(
        due_at=end + timedelta(days=3650), last_ok_at=end
    )  # nothing is worked on while pages are measured
    number = 0
    later: dict[int, list[_Made]] = {}
    for day in range(DAYS):
        begin = end - timedelta(days=DAYS - day)
        of_day = count * (day + 1) // DAYS - count * day // DAYS
        made = list(_documents(dice, begin, end, number + 1, of_day))
        number += of_day
        with transaction.atomic():
            _write_day(connection, dice, begin, made, later.pop(day, []))
        for document in made:
            if document.state == "paid" or (document.state == "confirmed" and document.number % 10 == 0):
                later.setdefault(min(day + 20 + document.number % 25, DAYS - 1), []).append(document)
    Connection.objects.filter(pk=connection.pk).update(
        company_name="Cascade Ridge Builders", company_path="C:\\Books\\Cascade Ridge Builders.QBW", qbxml_version="13.0",
        last_poll_at=end, last_success_at=end, poll_gaps=[300] * 20, currencies={"US Dollar": "USD", "Euro": "EUR"},
        preferences={"home_currency": "USD", "multicurrency": True, "home_currency_name": "US Dollar"},
    )  # fmt: skip
    blocked = Document.objects.filter(state="blocked").defer("raw", "request_xml")
    missing.keep([], [(connection.pk, document) for document in blocked])
    with database.cursor() as cursor:
        if database.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")  # as the server does by itself


def _documents(dice: random.Random, begin: datetime, end: datetime, first: int, count: int) -> Iterator[_Made]:
    moments = sorted(dice.triangular(0, 86400, 50400) for _ in range(count))
    for place, second in enumerate(moments):
        received = begin + timedelta(seconds=int(second))
        yield _Made(
            number=first + place,
            received=received,
            state=_state(dice, (end - received).days),
            vendor=min(int(dice.expovariate(1 / 60)), _VENDORS - 1),
            cents=int(dice.lognormvariate(11.5, 1.2)) * dice.choice((1,) * 30 + (-1,)),
            currency=dice.choice(("USD",) * 18 + ("CAD", "EUR")),
        )


def _state(dice: random.Random, age_days: int) -> str:
    chance = dice.random()
    if age_days == 0:
        states = ("received", "accepted", "planned", "planned", "sent", "in_doubt", "posted", "confirmed", "confirmed")
        return dice.choice(states)
    if chance < 0.03:
        return dice.choice(("blocked", "skipped", "returned", "changed"))
    if age_days < 45:
        return "blocked" if chance < 0.06 else "confirmed"
    return "paid" if chance < 0.95 else "confirmed"


def _write_day(
    connection: Connection, dice: random.Random, begin: datetime, made: Sequence[_Made], paid: Sequence[_Made]
) -> None:
    sets = _message_sets(connection, made)
    insert(Document, [_row(connection, document, sets.get(document.number)) for document in made])
    steps = [step for document in made for step in _steps(document)]
    steps += [(begin + timedelta(hours=9, seconds=n), document, "paid_in_full") for n, document in enumerate(paid)]
    insert(PaymentShare, [share for document in paid for share in _shares(connection, document, begin)])
    for document in paid:
        whole = document.state == "paid"
        told = abs(document.cents) if whole else abs(document.cents) // 3
        waits = document.number % 400 == 0
        counted = [share["payment_txn_id"] for share in _shares(connection, document, begin)]
        Document.objects.filter(pk=document.number).update(
            paid_cents=told, payment_no=1, payments_told=counted, payment_due=waits
        )
    _entries(connection, sorted(steps, key=lambda step: (step[0], step[1].number)))


def _entries(connection: Connection, steps: Sequence[tuple[datetime, _Made, str]]) -> None:
    said = [_exchange(event, document) for _, document, event in steps]
    kept = iter(_kept(connection, [(step[0], one) for step, one in zip(steps, said, strict=True) if one]))
    rows: list[dict[str, Any]] = []
    figures: dict[datetime, Counter[str]] = {}
    for (at, document, event), exchange in zip(steps, said, strict=True):
        number, sha = next(kept) if exchange else (None, "")
        before, after = _HOPS.get(event, ("confirmed", document.state))
        fields = {
            "at": at.isoformat(),
            "actor": "web connector" if event in {"handed_over", "added"} else "connector",
            "document_id": document.number,
            "event": event,
            "from_state": before,
            "to_state": after,
            "words": _WORDS.get(event, "It is not done: a person is asked."),
            "exchange_sha256": sha,
        }
        if figure := day_figures.figure_of(event, before, after):
            figures.setdefault(at.replace(minute=0, second=0), Counter())[figure] += 1
        connection.chain_seq += 1
        connection.chain_hash = entry_hash(connection.chain_hash, connection.pk, connection.chain_seq, **fields)
        own = {"connection_id": connection.pk, "seq": connection.chain_seq, "hash": connection.chain_hash}
        rows.append(fields | own | {"at": moment(at), "exchange_id": number})
    insert(AuditEntry, rows)
    for at, counted in figures.items():
        day_figures.add(connection.pk, connection.settings, at, counted)
    connection.save(update_fields=["chain_seq", "chain_hash"])


def _kept(connection: Connection, said: Sequence[tuple[datetime, WireExchange]]) -> list[tuple[int, str]]:
    """Store exchanges; return number and hash of each."""
    last = Exchange.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    hashes = [exchange_hash(exchange) for _, exchange in said]
    insert(
        Exchange,
        [
            {
                "connection_id": connection.pk, "at": moment(at), "system": one.system, "what": one.what,
                "status": one.status, "request_id": one.request_id, "request": one.request, "response": one.response,
                "sha256": sha,
            }
            for (at, one), sha in zip(said, hashes, strict=True)
        ],
    )  # fmt: skip
    numbers = Exchange.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)
    return list(zip(numbers, hashes, strict=True))


def _exchange(event: str, document: _Made) -> WireExchange | None:
    address = f"/v1/accountingDocuments/{document.number:032x}"
    request_id = f"req-{document.number}-{event}"
    if event == "acknowledged":
        return WireExchange(
            system="basware", what=f"POST {address}/acknowledge", status="200", request_id=request_id, request=b"",
            response=b'{"status":"acknowledged"}',
        )  # fmt: skip
    if event == "confirmed":
        body = json.dumps({"externalCode": f"{document.number:032x}", "success": True, "voucher": document.txn_id})
        return WireExchange(
            system="basware", what=f"POST {address}/transferResponses", status="200", request_id=request_id,
            request=body.encode() * 2, response=body.encode(),
        )  # fmt: skip
    if event == "added":
        return WireExchange(
            system="quickbooks", what="receiveResponseXML", status="", request_id="",
            request=b"", response=f"<BillAddRs statusCode='0'><TxnID>{document.txn_id}</TxnID></BillAddRs>".encode() * 8,
        )  # fmt: skip
    return None


def _steps(document: _Made) -> Iterator[tuple[datetime, _Made, str]]:
    """Return what happened to a document within its first hour."""
    last = {"received": 1, "accepted": 2, "planned": 3, "sent": 4, "in_doubt": 4, "posted": 5}.get(document.state, 6)
    events = (*_TO_POSTED, "confirmed")
    if document.state in {"blocked", "skipped", "returned"}:
        last, extra = 2, {"blocked": "found_faults", "skipped": "skipped", "returned": "returned"}[document.state]
    else:
        extra = "differs" if document.state == "changed" else ""
    for place, event in enumerate(events[:last]):
        yield document.received + timedelta(seconds=(0, 1, 5, 600, 603, 660)[place]), document, event
    if extra:
        yield document.received + timedelta(seconds=3000), document, extra


def _row(connection: Connection, document: _Made, message_set: int | None) -> dict[str, Any]:
    """Return the columns of a document."""
    name, code = vendor_name(document.vendor), _list_id(document.vendor)
    raw = _invoice(connection, document, name, code)
    received, state = document.received, document.state
    done = document.entered or state == "skipped"
    at = {n: moment(received + timedelta(seconds=n)) for n in (1, 603, 660)}
    faults = _CHANGED_FAULTS if state == "changed" else _PLANNED_FAULTS
    fault = faults[document.number % len(faults)] if state in {"changed", "blocked"} else None
    entered = document.cents if document.entered else 0
    books = (
        {"MLC-CHANGED-05": entered + 1000, "MLC-CHANGED-03": 0}.get(fault.code, 0)
        if state == "changed" and fault
        else entered
    )
    month = (received - timedelta(days=3)).date().isoformat()[:7]
    return {
        "period": "" if state in {"received", "accepted"} else month,
        "basware_cents": 0 if state in {"received", "accepted", "returned"} else document.cents,
        "posted_cents": entered,
        "books_cents": books,
        "books_period": month if books else "",
        "books_said_at": at[603] if document.entered else None,
        "connection_id": connection.pk,
        "invoice_id": f"{document.number:032x}",
        "company_code": "US10",
        "supplier_code": code,
        "supplier_name": name,
        "invoice_number": f"INV-{document.number}",
        "invoice_date": (received - timedelta(days=3)).date().isoformat(),
        "currency": document.currency,
        "gross_cents": document.cents,
        "state": state,
        "raw": raw,
        "raw_sha256": hashlib.sha256(raw).hexdigest(),
        "received_at": moment(received),
        "acknowledged_at": None if state == "received" else at[1],
        "posted_at": at[603] if document.entered else None,
        "confirmed_at": at[660] if document.entered and state != "posted" else None,
        "changed_at": at[660],
        "faults": json.dumps(faults_as_json([fault] if fault else [])),
        "fault_code": fault.code if fault else "",
        "reason": "Paid by card." if state == "skipped" else "",
        "kind": "VendorCredit" if document.cents < 0 else "Bill",
        "vendor_list_id": code,
        "ref_number": f"INV-{document.number}",
        "txn_date": (received - timedelta(days=3)).date().isoformat() if done or message_set else "",
        "request_xml": _bill(document) if state == "planned" else "",
        "message_set_id": message_set,
        "txn_id": document.txn_id if document.entered else "",
        "txn_number": str(document.number) if document.entered else "",
        "edit_sequence": str(int(received.timestamp())) if document.entered else "",
    }


def _invoice(connection: Connection, document: _Made, name: str, code: str) -> bytes:
    """Return the invoice as Basware sent it."""
    day = f"{(document.received - timedelta(days=3)).date().isoformat()}T00:00:00"
    shares = [document.cents // _LINES] * (_LINES - 1)
    shares.append(document.cents - sum(shares))
    rows = [
        {"rowIndex": n, "externalCode": f"{document.number:030x}{n:02x}", "accountCode": str(6000 + n), "netTotal": x / 100,
         "grossTotal": x / 100}
        for n, x in enumerate(shares)
    ]  # fmt: skip
    wire = {
        "p2pProcessingMode": "Standard", "companyCode": "US10", "supplierCode": code, "supplierName": name,
        "invoiceNumber": f"INV-{document.number}", "invoiceTypeCode": "INV", "currencyCode": document.currency,
        "grossSum": document.cents / 100, "netSum": document.cents / 100, "invoiceDate": day, "voucherDate": day,
        "dueDate": day, "paymentBlock": False, "codingRows": rows, "invoiceId": f"{document.number:032x}",
        "processingStatus": "WaitingForTransfer", "lastUpdated": day + ".000Z",
    }  # fmt: skip
    return json.dumps(wire, separators=(",", ":")).encode()


def _bill(document: _Made) -> str:
    lines = "".join(
        f"<ExpenseLineAdd><AccountRef><ListID>{_account_id(n)}</ListID></AccountRef>"
        f"<Amount>{abs(document.cents) // _LINES / 100:.2f}</Amount></ExpenseLineAdd>"
        for n in range(_LINES)
    )
    return (
        f'<BillAddRq requestID="d{document.number}.1"><BillAdd><VendorRef><ListID>{_list_id(document.vendor)}</ListID>'
        f"</VendorRef><TxnDate>{document.received.date().isoformat()}</TxnDate><RefNumber>INV-{document.number}</RefNumber>"
        f"<Memo>INV-{document.number}</Memo>{lines}</BillAdd></BillAddRq>"
    )


def _message_sets(connection: Connection, made: Sequence[_Made]) -> dict[int, int]:
    """Store the sets in which documents left; return the set's number by the document's."""
    left = [document for document in made if document.entered or document.state in {"sent", "in_doubt"}]
    found: dict[int, int] = {}
    for begin in range(0, len(left), _IN_A_SET):
        batch = left[begin : begin + _IN_A_SET]
        row = MessageSet.objects.create(
            connection=connection,
            set_id=f"SET{batch[0].number:013d}",
            text=f'<QBXML><QBXMLMsgsRq onError="continueOnError">{"".join(map(_bill, batch))}</QBXMLMsgsRq></QBXML>',
            fate=MessageSet.Fate.SENT if batch[0].state == "sent" else MessageSet.Fate.ANSWERED,
            sent_at=batch[-1].received + timedelta(minutes=10),
            answered=batch[0].state not in {"sent", "in_doubt"},
        )
        found |= {document.number: row.pk for document in batch}
    return found


def _shares(connection: Connection, document: _Made, paid_on: datetime) -> Iterator[dict[str, Any]]:
    whole = abs(document.cents)
    halves = [whole] if document.number % 6 else [whole // 2, whole - whole // 2]
    for part, amount in enumerate(halves if document.state == "paid" else [whole // 3]):
        yield {
            "connection_id": connection.pk,
            "payment_txn_id": f"P{document.number:X}-{part}",
            "bill_txn_id": document.txn_id,
            "kind": "BillPaymentCheck",
            "paid_on": paid_on.date().isoformat(),
            "ref_number": str(document.number % 100000),
            "amount_cents": amount,
            "discount_cents": 0,
        }


def _lists(connection: Connection) -> None:
    entries = [(ListKind.VENDOR, _list_id(n), _list_id(n), vendor_name(n)) for n in range(_VENDORS)]
    entries += [(ListKind.ACCOUNT, _account_id(n), str(6000 + n), f"Job Expenses:Cost {n}") for n in range(_ACCOUNTS)]
    entries += [(ListKind.CUSTOMER, _job_id(n), _job_id(n), job_name(n)) for n in range(_JOBS)]
    now = datetime.now(UTC)
    made = ListEntry.objects.bulk_create(
        [
            ListEntry(
                connection=connection, kind=kind, list_id=list_id, code=code, full_name=name, edit_sequence="1",
                record={"kind": kind.value, "list_id": list_id, "name": name, "full_name": name}, ever_accepted=place % 97 > 0,
                publication=_PUBLICATIONS.get(place % 251, "accepted"), active=place % 9 > 0, deleted=place % 63 == 0,
                merged_into=_job_id(1) if place % 126 == 0 else "", first_read_at=now, stands_since=now,
                complaint="The company code was not found." if place % 251 == 1 else "",
            )
            for place, (kind, list_id, code, name) in enumerate(entries, start=1 - _VENDORS - _ACCOUNTS)
        ],
        batch_size=500,
    )  # fmt: skip
    happened = [
        Happened(entry.pk, event)
        for entry in made
        for event in (entry_events.Event.CHANGED, entry_events.Event.ACCEPTED)
    ]
    entry_events.write(happened, now)
    for kind in ListKind:
        list_progress.was_read(connection.pk, kind, now, whole=1)


def vendor_name(vendor: int) -> str:
    """Return the name of a vendor by its place."""
    return f"{_COUNTIES[vendor % 10]} {_TRADES[vendor // 10 % 10]} {vendor // 100 + 1}"


def job_name(job: int) -> str:
    """Return the name of a job by its place."""
    return f"{_COUNTIES[job % 10]} Homes {job % 997}:Lot {job}"


def _job_id(job: int) -> str:
    return f"A{job:07X}-1700000000"


def _list_id(vendor: int) -> str:
    return f"8000{vendor:04X}-1700000000"


def _account_id(account: int) -> str:
    return f"9000{account:04X}-1700000000"
