"""Situations in which an invoice is not in QuickBooks yet: how each comes about, and what is right to answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bare_caller import BareCaller
from desks import OWN_URL, Approved
from ml_connector.flows import connections
from ml_connector.sandbox.basware.tokens import ApiClient
from ml_connector.sandbox.quickbooks.hostclock import HostClock
from ml_connector.sandbox.quickbooks.seeding import company_of_firm
from world import World

_ACKNOWLEDGE = "/v1/accountingDocuments/*/acknowledge"
_OTHER = r"C:\Books\Other.qbw"


@dataclass(frozen=True, kw_only=True)
class Situation:
    """How it comes about, and what is right to answer."""

    name: str
    comes_about: Callable[[World], Approved]
    state: str
    cause: str  #: words of the cause
    owner: str
    step: str  #: words of the next step
    next_try: Callable[[World, Approved], datetime | None]
    waits: bool = True  #: Basware waits for an answer, and gives the invoice up some day


# When it is tried again.


def _never(world: World, invoice: Approved) -> None:
    return None


def _now(world: World, invoice: Approved) -> datetime:
    return world.clock.now()


def _next_poll(world: World, invoice: Approved) -> datetime:
    last = world.connector.row().last_poll_at
    assert last is not None
    return max(last + timedelta(seconds=60), world.clock.now())


def _when_due(world: World, invoice: Approved) -> datetime | None:
    due_at = world.connector.document(invoice).due_at
    assert due_at is not None and due_at > world.clock.now()
    return due_at


def _next_probe(world: World, invoice: Approved) -> datetime | None:
    probe_at = world.connector.row().outage_probe_at
    assert probe_at is not None and probe_at > world.clock.now()
    return max(probe_at, world.connector.document(invoice).due_at or probe_at)


def _duty(name: str) -> Callable[[World, Approved], datetime]:
    return lambda world, invoice: max(world.connector.duty(name).due_at, world.clock.now())


# How it comes about.


def waiting(world: World, **invoice: object) -> Approved:
    made = world.basware.approves(**invoice)  # type: ignore[arg-type]
    world.fetches()
    return made


def _settled(world: World, **invoice: object) -> Approved:
    made = world.basware.approves(**invoice)  # type: ignore[arg-type]
    world.run_until_idle()
    return made


def _machine_off(world: World) -> Approved:
    invoice = waiting(world)
    world.passes(600)
    return invoice


def _wrong_password(world: World) -> Approved:
    invoice = waiting(world)
    world.passes(60)
    world.outside.workstation.add_application(
        connections.qwc_file(world.connection, OWN_URL).decode("ascii"), "mistyped"
    )
    world.polls()
    return invoice


def _closed_file(world: World) -> Approved:
    invoice = waiting(world)
    world.quickbooks.screen.close_file()
    world.polls()
    return invoice


def _no_quickbooks(world: World) -> Approved:
    invoice = waiting(world)
    world.quickbooks.screen.quit()
    world.polls()
    return invoice


def _wrong_file(world: World) -> Approved:
    invoice = waiting(world)
    other = company_of_firm(replace(world.firm, name="Somebody Else Inc."), HostClock(world.clock.now), path=_OTHER)
    world.outside.desktop.add_file(other)
    world.quickbooks.screen.open_file(_OTHER)
    world.polls()
    return invoice


def _dialog(world: World) -> Approved:
    invoice = waiting(world)
    world.quickbooks.suffers("modal_dialog", times=None)
    world.polls()
    return invoice


def _dialog_for_hours(world: World) -> Approved:
    invoice = _dialog(world)
    for _ in range(80):
        world.passes(60)
        world.polls()
    return invoice


def _paused(world: World) -> Approved:
    invoice = waiting(world)
    world.connector.pauses()
    return invoice


def _typed_by_hand_alike(world: World) -> Approved:
    vendor = world.firm.vendor_named("Q")
    world.quickbooks.screen.type_bill(
        vendor=vendor.name, ref_number="SAME-1", txn_date="2026-11-10",
        lines=[{"account": world.firm.account_numbered("6110").list_id, "amount": "99.00"}],
    )  # fmt: skip
    return _settled(world, number="SAME-1", vendor=vendor)


def _locked(world: World) -> Approved:
    invoice = waiting(world)
    world.quickbooks.suffers("lock_3175")
    world.polls()
    return invoice


def _locked_for_good(world: World) -> Approved:
    world.quickbooks.suffers("lock_3175", times=None)
    return _settled(world)


def _unreadable(world: World) -> Approved:
    world.quickbooks.cannot_read("ODD-1")
    return _settled(world, number="ODD-1")


def _answer_lost(world: World) -> Approved:
    invoice = waiting(world)
    world.quickbooks.loses_answer_to("BillAddRq")
    world.polls()
    world.quickbooks.suffers("connection_error")
    world.polls()
    world.quickbooks.suffers("modal_dialog")
    world.passes(30)
    world.polls()
    return invoice


def _answer_lost_and_off(world: World) -> Approved:
    invoice = _answer_lost(world)
    world.passes(900)
    return invoice


def _under_way(world: World) -> Approved:
    invoice = waiting(world)
    BareCaller(world).until("BillAddRq")
    return invoice


def _posted(world: World) -> Approved:
    invoice = waiting(world)
    world.polls()
    assert world.connector.state(invoice) == "posted"
    return invoice


def _posted_and_basware_down(world: World) -> Approved:
    invoice = _posted(world)
    world.transport.unreachable = True
    world.passes(61)
    world.works()
    return invoice


def _basware_down_for_hours(world: World) -> Approved:
    invoice = _posted_and_basware_down(world)
    for _ in range(18):
        world.passes(300)
        world.polls()
        world.works()
    return invoice


def _secret_expired(world: World) -> Approved:
    invoice = _posted(world)
    world.basware.tenant.tokens.set_client(ApiClient(client_id="sandbox-client", client_secret="another one"))
    world.restart_connector()
    world.passes(61)
    world.works()
    return invoice


def _acknowledgement_not_taken(world: World) -> Approved:
    world.basware_answers("POST", _ACKNOWLEDGE, 500, times=0)
    return waiting(world)


def _answer_refused(world: World) -> Approved:
    world.transport.refuses = lambda path, body: path.endswith("/transferResponses")
    return _settled(world)


def _not_waited_for(world: World) -> Approved:
    """Somebody at Basware takes the invoice away before it is acknowledged."""
    invoice = world.basware.approves()
    world.happens("POST", _ACKNOWLEDGE, lambda: _taken_away(world, invoice))
    world.run_until_idle()
    return invoice


def _taken_away(world: World, invoice: Approved) -> None:
    tenant = world.outside.basware
    with tenant.lock:
        tenant.invoices._changed(tenant.invoices.get(invoice.id), "Removed", tenant.now(), "by a person")


def _payment_to_tell(world: World) -> Approved:
    invoice = _settled(world)
    world.transport.unreachable = True
    world.passes(120)
    world.quickbooks.pays(invoice)
    world.reads_payments()
    world.works()
    return invoice


def _skipped(world: World) -> Approved:
    invoice = _settled(world, paymentBlock=True)
    world.connector.skips(invoice, "paid by card")
    return invoice


def _giving_up(world: World) -> Approved:
    invoice = _settled(world, paymentBlock=True)
    world.transport.unreachable = True
    world.connector.gives_up(invoice, "not ours")
    world.works()
    return invoice


def _returned(world: World) -> Approved:
    invoice = _settled(world, paymentBlock=True)
    world.connector.gives_up(invoice, "not ours")
    world.run_until_idle()
    return invoice


def _changed(world: World) -> Approved:
    invoice = _settled(world)
    world.basware.transfers_again(invoice, grossSum=130.0)
    world.run_until_idle()
    return invoice


def _linking(world: World) -> Approved:
    invoice = _typed_by_hand_alike(world)
    bill = world.quickbooks.documents_for(invoice)[0]["txn_id"]
    world.connector.links(invoice, bill)
    world.works()
    return invoice


def _forgotten(world: World) -> Approved:
    invoice = _settled(world, paymentBlock=True)
    world.passes(200_000)
    world.polls()
    return invoice


def _class_off(world: World) -> Approved:
    world.quickbooks.screen.set_class_tracking(False)
    return _settled(world, lines=[{"gross": "120.00", "division": world.firm.class_named("Overhead").list_id}])


SITUATIONS = [
    Situation(
        name="waits for the next session", comes_about=waiting, state="Waiting for QuickBooks",
        cause="waits for the next session", owner="nobody", step="sent by itself", next_try=_next_poll,
    ),
    Situation(
        name="the machine is off", comes_about=_machine_off, state="Waiting for QuickBooks",
        cause="has missed 9 polls", owner="IT admin", step="Auto-Run", next_try=_now,
    ),
    Situation(
        name="the password is wrong", comes_about=_wrong_password, state="Waiting for QuickBooks",
        cause="the password was wrong", owner="IT admin", step="Type the password", next_try=_now,
    ),
    Situation(
        name="no company file is open", comes_about=_closed_file, state="Waiting for QuickBooks",
        cause="without a company file", owner="IT admin", step="QuickBooks machine", next_try=_next_poll,
    ),
    Situation(
        name="QuickBooks is not running", comes_about=_no_quickbooks, state="Waiting for QuickBooks",
        cause="QuickBooks is not running", owner="IT admin", step="QuickBooks machine", next_try=_next_poll,
    ),
    Situation(
        name="another file is open", comes_about=_wrong_file, state="Waiting for QuickBooks",
        cause="Somebody Else Inc.", owner="IT admin", step="QuickBooks machine", next_try=_next_poll,
    ),
    Situation(
        name="a dialog is open", comes_about=_dialog, state="Waiting for QuickBooks",
        cause="A dialog is open", owner="nobody", step="if it does not pass", next_try=_next_poll,
    ),
    Situation(
        name="a dialog has been open for hours", comes_about=_dialog_for_hours, state="Waiting for QuickBooks",
        cause="A dialog is open", owner="IT admin", step="QuickBooks machine", next_try=_next_poll,
    ),
    Situation(
        name="paused", comes_about=_paused, state="Waiting for QuickBooks",
        cause="the books are being closed", owner="IT admin", step="ml-connector connection resume main", next_try=_never,
    ),
    Situation(
        name="an account is not mapped", state="Needs mapping",
        comes_about=lambda world: _settled(world, lines=[{"gross": "120.00", "account": "9999-OLD"}]),
        cause="no account for code 9999-OLD", owner="AP clerk", step="mapping set account 9999-OLD", next_try=_never,
    ),
    Situation(
        name="the period is closed", comes_about=lambda world: _settled(world, day=date(2026, 8, 20)), state="Blocked",
        cause="on or before the closing date", owner="controller", step="closing date", next_try=_never,
    ),
    Situation(
        name="class tracking is off", comes_about=_class_off, state="Needs mapping",
        cause="class tracking is off", owner="controller", step="class tracking on", next_try=_never,
    ),
    Situation(
        name="the vendor has another currency", comes_about=lambda world: _settled(world, currencyCode="CAD"),
        state="Needs mapping", cause="The invoice is in CAD", owner="AP clerk", step="Map the supplier", next_try=_never,
    ),
    Situation(
        name="blocked for payment", comes_about=lambda world: _settled(world, paymentBlock=True), state="Blocked",
        cause="blocked for payment", owner="AP clerk", step="payment block", next_try=_never,
    ),
    Situation(
        name="possible duplicate", comes_about=_typed_by_hand_alike, state="Possible duplicate",
        cause="SAME-1", owner="AP clerk", step="Decide: ml-connector link", next_try=_never,
    ),
    Situation(
        name="a person named the Bill", comes_about=_linking, state="Waiting for QuickBooks",
        cause="next session", owner="nobody", step="by itself", next_try=_next_poll,
    ),
    Situation(
        name="somebody has it open", comes_about=_locked, state="Waiting for QuickBooks",
        cause="status 3175", owner="nobody", step="tried again by itself", next_try=_when_due,
    ),
    Situation(
        name="somebody has it open for good", comes_about=_locked_for_good, state="Refused by QuickBooks",
        cause="tried 6 times", owner="IT admin", step="then retry", next_try=_never,
    ),
    Situation(
        name="QuickBooks cannot read it", comes_about=_unreadable, state="Refused by QuickBooks",
        cause="could not read the request", owner="IT admin", step="ml-connector show", next_try=_never,
    ),
    Situation(
        name="it is under way", comes_about=_under_way, state="Sent to QuickBooks",
        cause="QuickBooks is working on it", owner="nobody", step="QuickBooks is asked", next_try=_next_poll,
    ),
    Situation(
        name="its answer was lost", comes_about=_answer_lost, state="Checking outcome",
        cause="not known whether the document was entered", owner="nobody", step="if it does not pass",
        next_try=_next_poll,
    ),
    Situation(
        name="its answer was lost and the machine is off", comes_about=_answer_lost_and_off, state="Checking outcome",
        cause="has missed", owner="IT admin", step="Auto-Run", next_try=_now,
    ),
    Situation(
        name="Basware is to be told", comes_about=_posted, state="Posted",
        cause="Basware is to be told", owner="nobody", step="sent by itself", next_try=_duty("answers"),
    ),
    Situation(
        name="Basware does not answer", comes_about=_posted_and_basware_down, state="Posted",
        cause="Basware has not answered since", owner="nobody", step="sent by itself", next_try=_next_probe,
    ),
    Situation(
        name="Basware has not answered for hours", comes_about=_basware_down_for_hours, state="Posted",
        cause="Basware has not answered since", owner="IT admin", step="connection ping main", next_try=_next_probe,
    ),
    Situation(
        name="Basware does not let us in", comes_about=_secret_expired, state="Posted",
        cause="does not accept the client id", owner="IT admin", step="Mend that", next_try=_duty("answers"),
    ),
    Situation(
        name="the acknowledgement is not taken", comes_about=_acknowledgement_not_taken, state="Received",
        cause="has not taken the acknowledgement", owner="nobody", step="acknowledged by itself", waits=False,
        next_try=lambda world, invoice: max(
            world.connector.duty("invoices").due_at, world.connector.document(invoice).due_at or _now(world, invoice)
        ),
    ),
    Situation(
        name="Basware refused the answer", comes_about=_answer_refused, state="Not taken by Basware",
        cause="Basware refused the answer", owner="AP clerk", step="Look at the invoice in Basware", next_try=_when_due,
    ),
    Situation(
        name="Basware does not wait for it", comes_about=_not_waited_for, state="Blocked",
        cause="it stands at Removed there", owner="AP clerk", step="Look at the invoice in Basware", next_try=_never,
        waits=False,
    ),
    Situation(
        name="done", comes_about=_settled, state="Confirmed",
        cause="and Basware knows", owner="nobody", step="Nothing", next_try=_never, waits=False,
    ),
    Situation(
        name="a payment is to be told and Basware does not answer", comes_about=_payment_to_tell, state="Confirmed",
        cause="Its payments changed since", owner="nobody", step="sent by itself", next_try=_next_probe, waits=False,
    ),
    Situation(
        name="skipped", comes_about=_skipped, state="Skipped",
        cause="paid by card", owner="AP clerk", step="ml-connector retry", next_try=_never, waits=False,
    ),
    Situation(
        name="given up and Basware does not answer", comes_about=_giving_up, state="Giving up",
        cause="not ours", owner="nobody", step="sent by itself", next_try=_next_probe,
    ),
    Situation(
        name="returned", comes_about=_returned, state="Returned to Basware",
        cause="not ours", owner="AP clerk", step="Correct it in Basware", next_try=_never, waits=False,
    ),
    Situation(
        name="changed after it was entered", comes_about=_changed, state="Changed after posting",
        cause="offers this invoice again with other content", owner="controller", step="by hand", next_try=_never,
    ),
    Situation(
        name="forgotten until Basware gave it up", comes_about=_forgotten, state="Blocked",
        cause="blocked for payment", owner="AP clerk", step="payment block", next_try=_never,
    ),
]  # fmt: skip
