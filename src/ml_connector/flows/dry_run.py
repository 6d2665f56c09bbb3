"""A dry run: what would become of the invoices that Basware offers, found out without writing to either system.

Each invoice is planned as it would be, and QuickBooks is asked whether it has it. The outcome is a row of its own; the
document itself stays where it is, so that nothing of a dry run can be acted on. What keeps a connection in dry run from
writing are the doors themselves: `may_write` for QuickBooks, and the client of Basware.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.faults import Fault
from ml_connector.core.matching import ABSENT, Match, Verdict, match
from ml_connector.flows.lookups import Unproven, candidates, lookups, sought
from ml_connector.flows.planning import basis_of, decide, planned_columns
from ml_connector.flows.surroundings import Surroundings
from ml_connector.flows.visit import Answer, Visit
from ml_connector.quickbooks.render import message_set
from ml_connector.store import documents, duties, trials
from ml_connector.store.cents import from_cents
from ml_connector.store.chain import Entry, Ledger, writing
from ml_connector.store.models import Connection, Document, Trial

_BATCH = 200


def plan_trials(surroundings: Surroundings, connection_id: int) -> None:
    """Plan every invoice that was not tried on the present lists and mapping, in batches of one transaction each."""
    after = 0
    while True:
        with writing(connection_id, surroundings.clock()) as ledger:
            if not ledger.connection.dry_run:
                return
            due = trials.to_try(connection_id, basis_of(ledger.connection), after, _BATCH)
            _try(ledger, due)
        if len(due) < _BATCH:
            return
        after = due[-1].pk


def _try(ledger: Ledger, due: Sequence[Document]) -> None:
    basis = basis_of(ledger.connection)
    made: list[Trial] = []
    for decision in decide(ledger.connection, due):
        document = decision.document
        about = {name: value for name, value in decision.about.items() if getattr(document, name) != value}
        if about:
            documents.change(document, **about)
        trial = Trial(
            document=document,
            connection_id=ledger.connection.pk,
            verdict=trials.Verdict.HELD if decision.plan is None else trials.Verdict.UNLOOKED,
            basis=basis,
            raw_sha256=document.raw_sha256,
            currency=document.currency,
            gross_cents=document.gross_cents,
            request_xml=decision.text,
            faults=documents.faults_as_json(decision.faults),
        )
        for name, value in planned_columns(decision.plan).items() if decision.plan else ():
            setattr(trial, name, value)
        made.append(trial)
    trials.store(made)


class Trials:
    """Asks QuickBooks which of the invoices of a dry run it has already."""

    name = "trials"
    writes = False

    def has_work(self, visit: Visit) -> bool:
        """Some were not asked for yet."""
        return visit.connection.dry_run and not visit.notes.get("stop") and bool(self._waiting(visit, 1))

    def remaining(self, visit: Visit) -> int:
        """Invoices that were not asked for yet."""
        return trials.of(visit.connection.pk, trials.Verdict.UNLOOKED).count()

    def _waiting(self, visit: Visit, limit: int) -> list[Document]:
        return trials.to_look_up(visit.connection.pk, visit.notes.get("after", 0), limit)

    def ask(self, visit: Visit) -> str | None:
        """Ask for the next ones."""
        waiting = self._waiting(visit, 1 if visit.notes.get("one_by_one") else visit.settings.bills_per_check)
        if not waiting:
            return None
        visit.notes["looking"] = [[document.pk, document.request_xml] for document in waiting]
        return message_set(lookups(visit, waiting), version=visit.version)

    def take(self, visit: Visit, answer: Answer) -> None:
        """Judge what was found, as it would be judged before a Bill is added."""
        asked = dict(visit.notes.pop("looking", []))
        # What was planned anew since was not looked up as it now is: it is, next time.
        waiting = trials.still_to_look_up(visit.connection.pk, asked)
        looked_up = [document for document in waiting if document.request_xml == asked[document.pk]]
        if not looked_up:
            return
        found = candidates(answer) if answer.failure is None else None
        if isinstance(found, Unproven) and found.one_to_blame and len(looked_up) > 1:
            visit.notes["one_by_one"] = True
            return
        if isinstance(found, Unproven) and found.one_to_blame:
            fault = Fault(code="MLC-QB-04", detail=found.words)
            judged = [(looked_up[0], Match(verdict=Verdict.QUESTION, fault=fault))]
        elif found is None or isinstance(found, Unproven):
            visit.notes["stop"] = True
            return
        else:
            earlier = _earlier(visit.connection, looked_up)
            judged = [(d, _judged(d, found.get(d.kind, ()), earlier)) for d in looked_up]
        visit.notes["after"] = looked_up[-1].pk
        for document, verdict in judged:
            _note(document, verdict)


def _judged(document: Document, found: Sequence[object], earlier: dict[tuple[str, str, str], Trial]) -> Match:
    judged = match(sought(document), found)  # type: ignore[arg-type]
    other = earlier.get(_number(document))
    if judged.verdict is not Verdict.ABSENT or other is None or other.document_id >= document.pk:
        return judged
    of = other.document
    value = f"{other.kind} {other.ref_number} of {other.txn_date} over {abs(from_cents(other.gross_cents)):.2f}"
    detail = f"invoice {of.invoice_number} of {of.invoice_date}"
    return Match(
        verdict=Verdict.QUESTION, fault=Fault(code="MLC-DUP-02", value=f"{value} (in this dry run)", detail=detail)
    )


def _earlier(connection: Connection, looked_up: Sequence[Document]) -> dict[tuple[str, str, str], Trial]:
    """Return, by vendor, kind and number, the first invoice that would take it."""
    found: dict[tuple[str, str, str], Trial] = {}
    for trial in trials.numbered(connection.pk, {document.ref_number for document in looked_up}):
        found.setdefault(_number(trial), trial)
    return found


def _number(row: Document | Trial) -> tuple[str, str, str]:
    return row.vendor_list_id, row.kind, row.ref_number.casefold()


def _note(document: Document, judged: Match) -> None:
    verdict = trials.Verdict.HELD
    if judged.fault is None:
        verdict = trials.Verdict.POST if judged.verdict is ABSENT.verdict else trials.Verdict.LINK
    Trial.objects.filter(document=document.pk).update(
        verdict=verdict,
        txn_id=judged.found.txn_id if judged.found else "",
        faults=documents.faults_as_json([judged.fault] if judged.fault else []),
    )


# Beginning and ending it.


def begin(surroundings: Surroundings, connection: Connection, actor: str) -> None:
    """Write nothing to either system from now on. What was handed to QuickBooks before is still taken to its end, by
    asking, once the connection is live again."""
    with writing(connection.pk, surroundings.clock(), actor) as ledger:
        ledger.connection.dry_run = True
        ledger.connection.save(update_fields=["dry_run"])
        ledger.note(Entry(event="dry_run", words="From now on nothing is written to QuickBooks or Basware."))
        duties.wake_all(connection.pk, ledger.now)


def go_live(surroundings: Surroundings, connection: Connection, company: str, actor: str) -> str:
    """End the dry run: from now on invoices are acknowledged in Basware and entered in QuickBooks. Return a sentence.

    Args:
        company: the company file's name as the person who decides knows it.

    Raises:
        NeedsOperator: it is live already, the company file has not answered or its lists were not read, or it is
            another company than the person named.
    """
    with writing(connection.pk, surroundings.clock(), actor) as ledger:
        row = ledger.connection
        if not row.dry_run:
            raise NeedsOperator(f"Connection {row.name} is live already.")
        if not row.company_name or not duties.was_done(row.pk, duties.LISTS):
            raise NeedsOperator(
                "The company file has not answered yet, or its lists were not read; let the Web Connector run first."
            )
        if company.strip() != row.company_name:
            raise NeedsOperator(f"The company file that answers is {row.company_name!r}, not {company.strip()!r}.")
        counted = ", ".join(f"{count} {VERDICT_WORDS[verdict].lower()}" for verdict, count in counts(row).items())
        row.dry_run, row.company_confirmed_at = False, row.company_confirmed_at or ledger.now
        row.save(update_fields=["dry_run", "company_confirmed_at"])
        trials.forget(row.pk)
        ledger.note(
            Entry(event="live", words=f"Went live with {row.company_name}. The dry run had: {counted or 'nothing'}.")
        )
        duties.wake_all(row.pk, ledger.now)
    return f"Connection {row.name} is live: what Basware offers is entered in {row.company_name}."


VERDICT_WORDS = {
    trials.Verdict.POST.value: "Would be posted",
    trials.Verdict.LINK.value: "In QuickBooks already",
    trials.Verdict.HELD.value: "Would be held",
    trials.Verdict.UNLOOKED.value: "Not looked up yet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """The invoices of one verdict."""

    verdict: str
    words: str
    says: str  #: what the verdict means
    count: int
    money: Sequence[trials.Sum]  #: by currency, where something would be entered or linked


def sums(connection: Connection) -> list[Sum]:
    """Add up a dry run by verdict, every verdict among them."""
    found: dict[str, list[trials.Sum]] = {verdict: [] for verdict in VERDICT_WORDS}
    for one in trials.sums(connection.pk):
        found[one.verdict].append(one)
    return [
        Sum(
            verdict=verdict,
            words=VERDICT_WORDS[verdict],
            says=_SAYS[verdict],
            count=sum(one.count for one in ones),
            money=[one for one in ones if one.currency],
        )
        for verdict, ones in found.items()
    ]


_SAYS = {
    trials.Verdict.POST.value: "QuickBooks does not have these, and each would be entered exactly as shown.",
    trials.Verdict.LINK.value: "QuickBooks has these, entered by hand; each would be linked, and nothing entered.",
    trials.Verdict.HELD.value: "These would wait until somebody mends what is wrong. Mend it now, and they are tried again.",
    trials.Verdict.UNLOOKED.value: "These can be entered; whether QuickBooks has them is asked when the Web Connector calls.",
}


def counts(connection: Connection) -> dict[str, int]:
    """Count the invoices of a dry run by verdict; verdicts that none has are left out."""
    found: dict[str, int] = {}
    for one in trials.sums(connection.pk):
        found[one.verdict] = found.get(one.verdict, 0) + one.count
    return {verdict: found[verdict] for verdict in VERDICT_WORDS if verdict in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One invoice of a dry run."""

    document: Document  #: as it would be if it had been planned
    verdict: str
    faults: Sequence[Fault]  #: why it would be held
    txn_id: str  #: what it would be linked to


def tried(connection: Connection, verdict: str, *, after: int = 0, limit: int = 20) -> list[Tried]:
    """Return invoices with one verdict, oldest first, from a number on."""
    found = trials.of(connection.pk, verdict).filter(document__gt=after).order_by("document")
    return [
        Tried(
            document=trials.dressed(trial),
            verdict=trial.verdict,
            faults=[Fault(**fault) for fault in trial.faults],
            txn_id=trial.txn_id,
        )
        for trial in found.select_related("document", "document__connection")[:limit]
    ]


def look_again(surroundings: Surroundings, connection: Connection, actor: str) -> int:
    """Have QuickBooks asked again in the next session whether it has them; return how many are asked for."""
    with writing(connection.pk, surroundings.clock(), actor) as ledger:
        count = trials.look_up_again(connection.pk)
        ledger.note(Entry(event="dry_run", words=f"QuickBooks is asked again for {count} invoices of the dry run."))
        duties.wake_all(connection.pk, ledger.now)
    return count
