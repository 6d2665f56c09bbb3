"""What people do while the connector works: clerks in Basware, bookkeepers in QuickBooks, operators of the connector.

Whatever somebody does that may rightly lead to a question is noted as a reason at the case; `oracles` knows which
questions each reason explains.
"""

from __future__ import annotations

from campaign.bookkeepers import Bookkeepers
from campaign.cases import KINDS, Case
from campaign.operators import Operators
from campaign.storm import StormyWorld
from ml_connector.store import duties

_WAITING = "WaitingForTransfer"


class People(Bookkeepers, Operators):
    """Everybody who takes part in one life; those who work in Basware are here."""

    # Basware.

    def approves(self) -> str:
        """Approve an invoice of a kind that the dice choose."""
        kind = self.dice.choices(list(KINDS), weights=list(KINDS.values()))[0]
        earlier = [case for case in self.cases if case.kind in {"plain", "taxed"}]
        number, vendor = "", None
        if kind == "number again" and earlier:
            first = self.dice.choice(earlier)
            number = first.truth.number
            vendor = next((v for v in self.writer.vendors if v.list_id == first.truth.vendor), None)
            first.reasons.add("number twice")
        wire, truth = self.writer.draw(kind, number=number, vendor=vendor)
        if kind in {"typed before", "typed alike"}:
            self.types(truth, more=0 if kind == "typed before" else 125)
        document = self.world.basware.an_invoice("1.00", **wire)
        case = Case(kind=kind, invoice=self.world.basware.approves(document), truth=truth)
        if number:
            case.reasons.add("number twice")
        if kind in {"typed before", "typed alike"}:
            case.reasons.add(kind)
        if self.restored:
            case.reasons.add("lists restored")
        self.cases.append(case)
        return f"{case.short()} is approved"

    def transfers_again(self) -> str:
        """Transfer an invoice again, as it is or with another content."""
        case = self.a_case()
        if case is None:
            return ""
        if self.dice.random() < 0.5:
            self.world.basware.transfers_again(case.invoice)
            case.transfers += 1
            return f"{case.short()} is transferred again"
        self.corrects(case, "plain" if case.kind not in {"credit", "retention"} else case.kind)
        return f"{case.short()} is transferred again, corrected"

    # Other programs at Basware.

    def acknowledges_elsewhere(self) -> str:
        """Another program, or an earlier installation of this one, acknowledges an invoice that waits."""
        tenant = self.world.basware.tenant
        waiting = [case for case in self.cases if self.world.basware.status(case.invoice) == _WAITING]
        if not waiting:
            return ""
        case = self.dice.choice(waiting)
        with tenant.lock:
            tenant.invoices.acknowledge(case.id, tenant.now())
        return f"{case.short()} is acknowledged by somebody else"

    def lists_clash(self) -> str:
        """Somebody else is at the same records: Basware refuses a batch, with or without the name of one of them."""
        entry = self.dice.choice(self.writer.vendors)
        errors = []
        if self.dice.random() < 0.7:
            if self.now_in(entry.list_id) != entry.list_id:
                return ""
            self.screen.rename("Vendor", entry.list_id, f"Renamed {self.dice.randrange(10**6)}")
            known = self.world.basware.knows("v1/vendors")
            code = next((key for key, vendor in known.items() if vendor["vendorCode"] == entry.list_id), "")
            errors = [
                {"externalCode": code, "type": "BUSINESS", "code": "CONFLICT_IN_POST", "message": "being updated"}
            ]
            self.lists_are_read_soon()
        path = "/v1/vendors" if errors else self.dice.choice(("/v1/accounts", "/v1/costCenters", "/v2/projects"))
        self.world.basware_answers("POST", path, 409, {"hasErrors": True, "errors": errors})
        return "Basware refuses a batch of records"

    def renames_twice(self) -> str:
        """Rename a vendor and take that back after the list was read, before Basware hears of either."""
        entry = self.dice.choice(self.writer.vendors)
        name = self.world.outside.company.lists.get("Vendor", entry.list_id)
        if name is None:
            return ""
        was = name.name
        for word in (f"Renamed {self.dice.randrange(10**6)}", was):
            self.screen.rename("Vendor", entry.list_id, word)
            self.lists_are_read_soon()
            self.world.polls()
            self.world.passes(1.0)
        return f"{was} is renamed, and back"

    def lists_are_read_soon(self) -> None:
        duties.wake(self.world.connection.pk, self.world.clock.now(), duties.LISTS)


def wakes_everything(world: StormyWorld) -> None:
    """Have the engine and the Web Connector look at everything at once."""
    duties.wake_all(world.connection.pk, world.clock.now())
