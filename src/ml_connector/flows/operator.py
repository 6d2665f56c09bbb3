"""What a person can do about a document or a connection. Each act is audited with who did it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.states import HAS_OR_MAY_HAVE_BILL, WORDS, Event, State, can
from ml_connector.flows import people
from ml_connector.flows.reposting import is_lost, repost_all
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store import documents, duties
from ml_connector.store.chain import Entry, Ledger, writing
from ml_connector.store.documents import Hop
from ml_connector.store.models import Connection, Document


def find(connection: Connection | None, text: str) -> Document:
    """Find a document by our number, invoice id, invoice number, RefNumber or TxnID.

    Raises:
        NeedsOperator: the text is empty, or stands for no document or for more than one.
    """
    text = text.strip()
    if not text:
        raise NeedsOperator("The ID is empty; ml-connector documents lists what there is.")
    rows = Document.objects.all() if connection is None else documents.of(connection.pk)
    queries: list[dict[str, int | str]] = [{"pk": int(text)}] if text.isdigit() and len(text) < 10 else []
    queries += [{"invoice_id": text}, {"txn_id": text}, {"invoice_number": text}, {"ref_number": text}]
    for query in queries:
        found = list(rows.filter(**query).select_related("connection")[:5])
        if len(found) == 1:
            return found[0]
        if found:
            listed = ", ".join(f"{d.pk} ({d.supplier_name}, {d.invoice_date})" for d in found)
            raise NeedsOperator(f"{text} stands for several documents; give the number of one of them: {listed}.")
    raise NeedsOperator(f"There is no document {text}; ml-connector documents lists them.")


def numbered(number: int) -> Document:
    """Return the document of our number, and no other that is called so.

    Raises:
        NeedsOperator: there is none.
    """
    rows = Document.objects.select_related("connection", "message_set")
    found = rows.filter(pk=number).first() if number < _NO_NUMBER else None
    if found is None:
        raise NeedsOperator(f"There is no document {number}; the list of documents has its number.")
    return found


_NO_NUMBER = 1 << 63  # no row has one, and no database can be asked for it


def retry(surroundings: Surroundings, document: Document, actor: str, *, post_new: bool = False) -> str:
    """Have a document worked on again at once; `post_new` says that look-alikes in QuickBooks are other invoices."""
    with _acting(surroundings, document, actor) as act:
        return _retry(act, post_new=post_new)


def _retry(act: _Act, *, post_new: bool = False) -> str:
    document, state = act.document, act.state
    if state in {State.POSTED, State.GIVEN_UP} or (act.document.payment_due and state is not State.CHANGED):
        documents.change(act.document, due_at=None)
        act.note("retried", "A person asked to tell Basware again at once.")
        duties.wake_all(document.connection_id, act.ledger.now, duties.ANSWERS)
        return "Basware is told again at once."
    if state is State.PLANNED:
        return "It waits for the Web Connector already, and goes with its next session."
    if state is State.CHANGED and act.document.wanted_txn_id:
        return _ASKED_FOR.format(act.document.wanted_txn_id)
    if state is State.CHANGED and is_lost(act.document):
        repost_all(act.ledger, [act.document])
        duties.wake_all(document.connection_id, act.ledger.now, duties.PLANNING)
        return "It is planned again at once, and entered again if QuickBooks does not have it."
    if (
        state is State.CHANGED
        and not post_new
        and any(f.code == "MLC-CHANGED-01" for f in documents.faults_of(act.document))
    ):
        documents.change(act.document, compare_due=True, tries=0)
        act.note("retried", "A person asked to compare its Bill with the invoice once more.")
        return "Its Bill is compared with the invoice in the next session of the Web Connector."
    if state in _NO_RETRY:
        raise NeedsOperator(
            f"Document {document.pk} is {_in_words(state)}{_NO_RETRY[state].format(act.document.txn_id)}"
        )
    anew = _planned_anew(act.document) | {"post_new": post_new or act.document.post_new, "tries": 0}
    if can(state, Event.ASKED_AGAIN) and basware_did_not_wait(act.document):
        words = "A person asked Basware again whether it waits for this invoice."
        act.hop(Event.ASKED_AGAIN, words, anew | {"acknowledged_at": None, "answer_tries": 0, "faults": []})
        duties.wake_all(document.connection_id, act.ledger.now, duties.INVOICES)
        return "Basware is asked again at once whether it waits for this invoice; it is entered only if Basware does."
    act.hop(
        Event.RETRIED,
        "A person asked to try again" + (", as a new document." if post_new else "."),
        anew,
    )
    duties.wake_all(document.connection_id, act.ledger.now, duties.PLANNING)
    return "It is planned again at once."


_ASKED_FOR = "QuickBooks is asked for {} in the next session of the Web Connector."

#: Why a document cannot be tried again in a state, and what can be done instead; follows upon the state's words.
_NO_RETRY = {
    State.RECEIVED: ", and is acknowledged by itself.",
    State.ACCEPTED: ", and is planned by itself.",
    State.SENT: "; if no answer comes, QuickBooks is asked before anything is sent again.",
    State.IN_DOUBT: "; QuickBooks is asked by itself, and nothing is sent again before it has said.",
    State.MODIFYING: "; its Bill is read by itself before anything else is done.",
    State.CONFIRMED: ", and Basware knows: there is nothing to try again.",
    State.PAID: ", and Basware knows: there is nothing to try again.",
    State.CHANGED: " and is not entered again, because it was entered as {}: name the document in QuickBooks that stands for"
    " it (ml-connector link <ID> --txn-id <TxnID>), tell Basware that it failed (ml-connector give-up <ID> --reason <why>),"
    " or tell nobody (ml-connector skip <ID> --reason <why>).",
    State.RETURNED: ", and comes back by itself when it is corrected in Basware and sent again.",
}


def basware_did_not_wait(document: Document) -> bool:
    """Tell whether Basware did not wait for a document when it was last asked."""
    return any(fault.code in {"MLC-BW-02", "MLC-BW-03"} for fault in documents.faults_of(document))


def _planned_anew(document: Document) -> dict[str, object]:
    anew: dict[str, object] = {"due_at": None, "plan_basis": ""}
    if document.txn_id:
        # QuickBooks remembers the answer to the plan that became its earlier Bill.
        anew["plan_no"] = document.plan_no + 1
    return anew


def link(surroundings: Surroundings, document: Document, txn_id: str, actor: str) -> str:
    """Name the transaction in QuickBooks that this document is; QuickBooks is asked for it in the next session."""
    txn_id = _txn_id(txn_id)
    with _acting(surroundings, document, actor) as act:
        words = f"A person named {txn_id} in QuickBooks as this document."
        if act.state in {State.CHANGED, State.PLANNED}:
            documents.change(act.document, wanted_txn_id=txn_id, post_new=False, compare_due=False)
            act.note("link_named", words)
            return _ASKED_FOR.format(txn_id)
        if act.state in HAS_OR_MAY_HAVE_BILL:
            raise NeedsOperator(f"Document {document.pk} is {_in_words(act.state)} and cannot be linked.")
        act.hop(Event.RETRIED, words, _planned_anew(act.document) | {"wanted_txn_id": txn_id, "post_new": False})
        duties.wake_all(document.connection_id, act.ledger.now, duties.PLANNING)
    return _ASKED_FOR.format(txn_id)


#: Two numbers, as in 1007-1791478800. Source: qbxmltypes130.xsd, IDTYPE holds at most 36 characters; the form is that of
#: every TxnID QuickBooks Desktop gives. A query with any other text is unreadable, and takes the lookups beside it along.
_TXN_ID = re.compile(r"[0-9A-Fa-f]+-[0-9]+")
_TXN_ID_MAX = 36


def _txn_id(text: str) -> str:
    txn_id = text.strip()
    if not txn_id:
        raise NeedsOperator("The TxnID is empty; ml-connector why <ID> names the document that was found.")
    if len(txn_id) > _TXN_ID_MAX or not _TXN_ID.fullmatch(txn_id):
        raise NeedsOperator(
            f"{txn_id!r} is no TxnID: that is two numbers with a hyphen between them, such as 1007-1791478800, at most"
            f" {_TXN_ID_MAX} characters. Copy it from ml-connector why <ID>, or from the document in QuickBooks."
        )
    return txn_id


def skip(surroundings: Surroundings, document: Document, reason: str, actor: str) -> str:
    """Take a document out, with a reason. Basware is not told."""
    with _acting(surroundings, document, actor) as act:
        return _skip(act, reason)


def _skip(act: _Act, reason: str) -> str:
    if act.state in _SKIPPED_IF_REFUSED and act.document.answer_fault is None:
        raise act.impossible(Event.SKIPPED)
    act.hop(Event.SKIPPED, f"Skipped: {_reason(reason)}", _ended(reason))
    return "Skipped. Basware was not told; ml-connector retry brings it back, ml-connector give-up tells Basware."


def give_up(surroundings: Surroundings, document: Document, reason: str, actor: str) -> str:
    """Give up on a document; Basware is told that the transfer failed, with the reason."""
    with _acting(surroundings, document, actor) as act:
        return _give_up(act, reason)


def _give_up(act: _Act, reason: str) -> str:
    act.hop(Event.GAVE_UP, f"Given up: {_reason(reason)}", _ended(reason) | {"answer_tries": 0})
    duties.wake_all(act.document.connection_id, act.ledger.now, duties.ANSWERS)
    if act.document.txn_id:
        return (
            f"Basware is told that the transfer failed. {act.document.kind} {act.document.txn_id} is left as it is in"
            " QuickBooks: delete it there if it must not be paid."
        )
    return "Basware is told that the transfer failed; the invoice comes back if it is corrected and sent again."


def note(surroundings: Surroundings, document: Document, words: str, actor: str) -> str:
    """Write something down in a document's story; nothing else changes."""
    with _acting(surroundings, document, actor) as act:
        return _note(act, words)


def _note(act: _Act, words: str) -> str:
    clean = " ".join(words.split())
    if not clean:
        raise NeedsOperator("The note is empty; write what whoever looks later should know.")
    if len(clean) > _NOTE_CHARS:
        raise NeedsOperator(f"The note has {len(clean)} characters; {_NOTE_CHARS} are the most.")
    act.note("note", clean)
    return "Noted."


_NOTE_CHARS = 1000


def assign(surroundings: Surroundings, document: Document, name: str, actor: str) -> str:
    """Give a document to a person who takes care of it; an empty name gives it to nobody.

    Raises:
        NeedsOperator: there is no such person, or this person does not act on documents.
    """
    with _acting(surroundings, document, actor) as act:
        return _assign(act, name)


def _assign(act: _Act, name: str) -> str:
    user = people.acting(name) if name.strip() else None
    before, now = act.document.assigned_to, user.name if user else ""
    if before == now:
        return f"It is with {now} already." if now else "It is with nobody."
    documents.change(act.document, assigned_to=now)
    words = f"Assigned to {now}" if now else "Assigned to nobody"
    act.note("assigned", f"{words}; before, to {before}." if before else f"{words}.")
    return f"{user} takes care of it now." if user else f"{before} no longer takes care of it."


def act_in(ledger: Ledger, document: Document, name: str, words: str) -> str:
    """Do one act to one document within a ledger that is open already, so that many are one transaction.

    `document` is the row as it is now; `words` is the reason, the note or the person. Raises: NeedsOperator: the act is
    not possible; nothing was written then.
    """
    act = _Act(ledger, document)
    if name == "retry":
        return _retry(act)
    with_words = {"skip": _skip, "give-up": _give_up, "note": _note, "assign": _assign}
    return with_words[name](act, words)


def possible(document: Document) -> tuple[str, ...]:
    """Return what a person can do about a document as it stands: `retry`, `link`, `skip`, `give-up`; `note` and `assign`
    are always possible."""
    state = State(document.state)
    tells = state in {State.POSTED, State.GIVEN_UP} or document.payment_due
    refused = document.answer_fault is not None
    acts = {
        "retry": tells or can(state, Event.RETRIED) or can(state, Event.ASKED_AGAIN),
        "link": state in {State.CHANGED, State.PLANNED} or can(state, Event.RETRIED),
        "skip": can(state, Event.SKIPPED) and (state not in _SKIPPED_IF_REFUSED or refused),
        "give-up": can(state, Event.GAVE_UP),
    }
    return tuple(act for act, allowed in acts.items() if allowed)


#: Nothing is wrong with a document in these states, unless Basware refused the answer about it.
_SKIPPED_IF_REFUSED = frozenset({State.POSTED, State.CONFIRMED, State.PAID, State.GIVEN_UP})


def _ended(reason: str) -> dict[str, object]:
    return {
        "reason": _reason(reason),
        "due_at": None,
        "wanted_txn_id": "",
        "payment_due": False,
        "compare_due": False,
        "answer_fault": None,
    }


def _in_words(state: State) -> str:
    """Return the state's words inside of a sentence; the names in them keep their capitals."""
    return WORDS[state][:1].lower() + WORDS[state][1:]


def _reason(reason: str) -> str:
    clean = " ".join(reason.split())
    if not clean:
        raise NeedsOperator("Give a reason; whoever looks later needs it: --reason ....")
    return clean[:250]


@dataclass(slots=True)
class _Act:
    """One act of a person on one document, inside one transaction; the row was read anew in it."""

    ledger: Ledger
    document: Document

    @property
    def state(self) -> State:
        """Where the document stands now."""
        return State(self.document.state)

    def hop(self, event: Event, words: str, changes: dict[str, object]) -> None:
        """Take a step, if the state allows it."""
        if not can(self.state, event):
            raise self.impossible(event)
        documents.hop_all(self.ledger, [Hop(document=self.document, event=event, words=words, changes=dict(changes))])

    def impossible(self, event: Event) -> NeedsOperator:
        """Return the refusal of a step that the state does not allow."""
        return NeedsOperator(f"Document {self.document.pk} cannot be {_VERBS[event]}: it is {_in_words(self.state)}.")

    def note(self, event: str, words: str) -> None:
        """Note what was asked without a change of state."""
        self.ledger.note(Entry(event=event, words=words, document_id=self.document.pk))


_VERBS = {Event.RETRIED: "tried again", Event.SKIPPED: "skipped", Event.GAVE_UP: "given up", Event.LINKED: "linked"}


@contextmanager
def _acting(surroundings: Surroundings, document: Document, actor: str) -> Iterator[_Act]:
    with writing(document.connection_id, surroundings.clock(), actor) as ledger:
        yield _Act(ledger, Document.objects.get(pk=document.pk))
