"""What people do and see at the three systems of a test: in Basware, in QuickBooks and in the connector."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.handlers.wsgi import WSGIHandler

from ml_connector.flows import connections, mappings, operator
from ml_connector.flows.story import Chapter, story, summary, why
from ml_connector.sandbox.basware.faults import Fault
from ml_connector.sandbox.firm import FirmVendor
from ml_connector.sandbox.quickbooks import outside_view
from ml_connector.sandbox.quickbooks.desktop import RecordedMessage
from ml_connector.sandbox.world import OutsideWorld, WsgiAnswer, call_wsgi
from ml_connector.store import duties
from ml_connector.store.models import Connection, Document, Duty

if TYPE_CHECKING:
    from world import World

OWN_URL = "https://connector.example"
_PERSON = "a clerk"


@dataclass(frozen=True)
class Approved:
    """An invoice that Basware offers."""

    document: Mapping[str, Any]  #: wire form

    @property
    def id(self) -> str:
        return str(self.document["invoiceId"])

    @property
    def number(self) -> str:
        return str(self.document.get("invoiceNumber", ""))


class BaswareDesk:
    """What people at Basware do and see."""

    def __init__(self, outside: OutsideWorld) -> None:
        self._outside = outside
        self.tenant = outside.basware
        self._count = 0

    def an_invoice(
        self,
        gross: str = "120.00",
        *,
        vendor: FirmVendor | None = None,
        number: str | None = None,
        lines: Iterable[Mapping[str, Any]] | None = None,
        day: date = date(2026, 11, 10),
        **changes: Any,
    ) -> dict[str, Any]:
        """Write an approved invoice; a line has `gross`, and if wanted `account`, `division`, `job`, `tax`, `comment`."""
        firm = self._outside.firm
        self._count += 1
        vendor = vendor or firm.vendor_named("Q")
        lumber = firm.account_numbered("6110")
        rows = [
            {
                "rowIndex": position,
                "externalCode": f"{self._count:016x}{position:016x}",
                "accountCode": line.get("account", firm.account_code(lumber)),
                "costCenterCode": line.get("division"),
                "projectCode": line.get("job"),
                "lastComment": line.get("comment"),
                "netTotal": float(Decimal(line["gross"]) - Decimal(line.get("tax", "0"))),
                "taxSum": float(Decimal(line["tax"])) if "tax" in line else None,
                "grossTotal": float(Decimal(line["gross"])),
            }
            for position, line in enumerate(lines if lines is not None else [{"gross": gross}])
        ]
        document = {
            "invoiceId": f"{self._count:08x}" + "0" * 24,
            "p2pProcessingMode": "Standard",
            "companyCode": firm.company_code,
            "supplierCode": vendor.list_id,
            "supplierName": vendor.name,
            "invoiceNumber": number if number is not None else f"INV-{self._count}",
            "invoiceTypeCode": "INV",
            "currencyCode": vendor.currency,
            "grossSum": float(Decimal(gross)),
            "netSum": float(Decimal(gross)),
            "invoiceDate": f"{day}T00:00:00",
            "voucherDate": f"{day}T00:00:00",
            "dueDate": f"{day + timedelta(days=30)}T00:00:00",
            "paymentBlock": False,
            "codingRows": [{name: value for name, value in row.items() if value is not None} for row in rows],
        }
        document.update(changes)
        return {name: value for name, value in document.items() if value is not None}

    def approves(self, document: Mapping[str, Any] | None = None, **invoice: Any) -> Approved:
        """Approve an invoice: as given, or as `an_invoice` writes it."""
        written = dict(document) if document is not None else self.an_invoice(**invoice)
        self.tenant.offer_invoices([written])
        return Approved(written)

    def approves_many(self, count: int, **invoice: Any) -> list[Approved]:
        """Approve several invoices that differ in number and cents."""
        return [self.approves(gross=f"{100 + position}.{position % 100:02d}", **invoice) for position in range(count)]

    def sees(self, invoice: Approved) -> dict[str, Any]:
        """Return everything Basware holds about an invoice."""
        return self.tenant.invoice_view(invoice.id)

    def status(self, invoice: Approved) -> str:
        """Return Basware's processing status."""
        return str(self.sees(invoice)["processingStatus"])

    def heard_about(self, invoice: Approved) -> list[str]:
        """Return what Basware was told about the transfer, in order."""
        return ["success" if r["success"] else "failure" for r in self.sees(invoice).get("transferResponses", [])]

    def payments_heard(self, invoice: Approved) -> list[dict[str, Any]]:
        """Return the payment responses of an invoice, in order."""
        return list(self.sees(invoice).get("paymentResponses", []))

    def paid(self, invoice: Approved) -> str:
        """Return the total that Basware shows as paid."""
        return f"{Decimal(str(self.sees(invoice)['payment'].get('paidTotal') or 0)):.2f}"

    def transfers_again(self, invoice: Approved, **changes: Any) -> None:
        """Transfer an invoice once more, corrected if fields are given."""
        self.tenant.retransfer(invoice.id, changes)

    def suffers(self, kind: str, *, times: int | None = 1, path: str = "*", method: str = "*", **more: Any) -> None:
        """Arm a misfortune on Basware's side."""
        self.tenant.arm(Fault(kind=kind, remaining=times, path=path, method=method, **more))

    def knows(self, api: str) -> dict[str, dict[str, Any]]:
        """Return the master data P2P accepted through one API, by externalCode."""
        return self.tenant.accepted_records(api)


class QuickBooksDesk:
    """What people at QuickBooks do and see, and what goes wrong on their machine."""

    def __init__(self, outside: OutsideWorld) -> None:
        self._outside = outside
        self.screen = outside.workstation.screen
        self.desktop = outside.desktop

    def bills(self, *, ours: bool = True) -> list[dict[str, Any]]:
        """Return the bills, those typed from paper left out unless asked for."""
        rows = outside_view.bills(self._outside.desktop.company)
        return [row for row in rows if not ours or row["memo"] != "typed from paper"]

    def credits(self) -> list[dict[str, Any]]:
        """Return the vendor credits."""
        return outside_view.vendor_credits(self._outside.desktop.company)

    def documents_for(self, invoice: Approved) -> list[dict[str, Any]]:
        """Return the bills and credits of an invoice's supplier that bear its number."""
        found = (*self.bills(ours=False), *self.credits())
        return [
            row
            for row in found
            if row["vendor_id"] == invoice.document["supplierCode"] and row["ref_number"] == invoice.number[:20]
        ]

    def amounts_billed_for(self, invoice: Approved) -> list[str]:
        """Return the amounts of the bills that an invoice has become."""
        return [row["amount"] for row in self.documents_for(invoice)]

    def txn_id(self, invoice: Approved) -> str:
        """Return the TxnID of the one document of an invoice."""
        (only,) = self.documents_for(invoice)
        return str(only["txn_id"])

    def duplicates(self) -> list[dict[str, Any]]:
        """Return what looks like one document entered twice."""
        return outside_view.duplicates(self._outside.desktop.company)

    def suffers(self, kind: str, *, times: int | None = 1, only: str = "") -> None:
        """Arm a misfortune on the Windows machine."""
        self.desktop.faults.arm(kind, times=times, only=only)

    def cannot_read(self, text: str) -> None:
        """From now on QuickBooks refuses every message that holds a text, and nobody knows why."""
        self.desktop.unreadable.append(text)

    def loses_answer_to(self, request: str, *, times: int = 1) -> None:
        """QuickBooks executes, and the Web Connector dies before it hands the answer over."""
        self.suffers("answer_lost", times=times, only=request)

    def loses_request(self, request: str, *, times: int = 1) -> None:
        """The Web Connector dies with a request before QuickBooks sees it."""
        self.suffers("request_lost", times=times, only=request)

    def records(self) -> None:
        """Keep every message set from now on."""
        self.desktop.recording = True

    def received(self, containing: str = "") -> list[RecordedMessage]:
        """Return the recorded message sets, those that contain a text."""
        return [message for message in self.desktop.recorded if containing in message.request]

    def pays(self, *invoices: Approved, **how: Any) -> list[str]:
        """Pay the bills of invoices; returns the TxnIDs of the payments."""
        return self.screen.pay_bills(bills=[self.txn_id(invoice) for invoice in invoices], **how)


class ConnectorDesk:
    """What the people who run the connector do and see."""

    def __init__(self, world: World) -> None:
        self._world = world

    def document(self, invoice: Approved) -> Document:
        """Return our row of an invoice."""
        return Document.objects.select_related("connection").get(invoice_id=invoice.id)

    def state(self, invoice: Approved) -> str:
        """Return where an invoice stands."""
        return str(self.document(invoice).state)

    def faults(self, invoice: Approved) -> list[str]:
        """Return the codes of what is wrong with an invoice."""
        return [fault["code"] for fault in summary(self.document(invoice))["faults"]]

    def says(self, invoice: Approved) -> str:
        """Return what is wrong with an invoice, in words."""
        return why(self.document(invoice), self._world.clock.now()).cause

    def story(self, invoice: Approved) -> list[Chapter]:
        """Return the story of an invoice."""
        return list(story(self.document(invoice)))

    def row(self) -> Connection:
        """Return the connection's row as it is now."""
        return Connection.objects.get(pk=self._world.connection.pk)

    def duty(self, name: str) -> Duty:
        """Return one duty's row."""
        return Duty.objects.get(connection=self._world.connection, name=name)

    def takes_invoices(self) -> bool:
        """Tell whether offered invoices are taken at all: not while the fetch fails."""
        return self.duty(duties.INVOICES).failures < 8

    def retries(self, invoice: Approved, *, post_new: bool = False) -> str:
        return operator.retry(self._world.surroundings, self.document(invoice), _PERSON, post_new=post_new)

    def links(self, invoice: Approved, txn_id: str) -> str:
        return operator.link(self._world.surroundings, self.document(invoice), txn_id, _PERSON)

    def skips(self, invoice: Approved, reason: str) -> str:
        return operator.skip(self._world.surroundings, self.document(invoice), reason, _PERSON)

    def gives_up(self, invoice: Approved, reason: str) -> str:
        return operator.give_up(self._world.surroundings, self.document(invoice), reason, _PERSON)

    def maps(self, kind: str, code: str, target: str) -> str:
        return mappings.set_rule(self._world.surroundings, self.row(), mappings.read_kind(kind), code, target, _PERSON)

    def pauses(self, reason: str = "the books are being closed") -> None:
        connections.pause(self._world.surroundings, self.row(), reason, _PERSON)

    def resumes(self) -> None:
        connections.resume(self._world.surroundings, self.row(), _PERSON)

    def dies(self, method: str, path: str, *, after: bool) -> None:
        """The process is killed once, at a request to Basware, before or after Basware carried it out."""
        self._world.transport.kills.append((method, path, after))

    def is_called(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> WsgiAnswer:
        """Call the connector's own service."""
        return call_wsgi(WSGIHandler(), method, f"{OWN_URL}{path}", headers, body)
