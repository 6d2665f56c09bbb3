"""The qbXML request processor: one text in, one text out, or an HRESULT.

Order of events for one message set: parse and validate the whole text; consult the memory of message sets; execute the
requests in order; remember the answer under the new id. Nothing here makes a write idempotent except that memory, which
works as Intuit's samples ErrRecovery1 to 3 describe it. There is no transaction across requests.
"""

import random
from collections import Counter
from collections.abc import Callable

from ml_connector.sandbox.quickbooks import about, posting, vendor_changes
from ml_connector.sandbox.quickbooks.answers import Answer
from ml_connector.sandbox.quickbooks.company_file import CompanyFile, RememberedSet
from ml_connector.sandbox.quickbooks.faults import FaultInjector
from ml_connector.sandbox.quickbooks.iterators import Iterators
from ml_connector.sandbox.quickbooks.pace import INSTANT, Pace
from ml_connector.sandbox.quickbooks.parsing import MessageSet, Request, parse
from ml_connector.sandbox.quickbooks.queries import select_entries, select_tombstones, select_txns
from ml_connector.sandbox.quickbooks.records import (
    BILL,
    CARD_PAYMENT,
    CHECK_PAYMENT,
    VENDOR_CREDIT,
    ListEntry,
    Tombstone,
    Txn,
)
from ml_connector.sandbox.quickbooks.recovery import SINCE as RECOVERY_SINCE
from ml_connector.sandbox.quickbooks.recovery import recovery_of, with_recovery
from ml_connector.sandbox.quickbooks.refusals import (
    INTERNAL_ACCESS_ERROR,
    MODAL_DIALOG,
    NO_ACCESS,
    HResult,
    Refusal,
)
from ml_connector.sandbox.quickbooks.render import LIST_RENDERERS, Elements, assemble, escape, leaf, to_ascii
from ml_connector.sandbox.quickbooks.render_txns import txn_elements
from ml_connector.sandbox.quickbooks.values import truth

CLEAR_ALL = "ClearAllMessageSets"
# Intuit's sample names 24, others 23: what one of them refuses is refused.
_LONGEST_SET_ID = 23

_LISTS = {
    "VendorQueryRq": ("Vendor",),
    "AccountQueryRq": ("Account",),
    "ClassQueryRq": ("Class",),
    "CustomerQueryRq": ("Customer",),
    "TermsQueryRq": ("StandardTerms", "DateDrivenTerms"),
    "StandardTermsQueryRq": ("StandardTerms",),
    "DateDrivenTermsQueryRq": ("DateDrivenTerms",),
    "CurrencyQueryRq": ("Currency",),
}
_TXNS = {
    "BillQueryRq": BILL,
    "VendorCreditQueryRq": VENDOR_CREDIT,
    "BillPaymentCheckQueryRq": CHECK_PAYMENT,
    "BillPaymentCreditCardQueryRq": CARD_PAYMENT,
}
_LOCKS = (
    (
        "lock_3175",
        3175,
        "There was an error when saving the object.  It is in use and could not be locked.",
    ),
    ("lock_3176", 3176, "A related object is in use.  QuickBooks failed to acquire the lock."),
    (
        "lock_3180",
        3180,
        "There was an error when saving the object.  QuickBooks error message: The list has been modified by another "
        "user.",
    ),
)
_INTERNAL_ERROR = "There has been an internal error when processing the request."


class RequestProcessor:
    """Executes message sets of one application in one session with one company file."""

    def __init__(
        self,
        company: CompanyFile,
        *,
        application: str = "application",
        product: about.Product | None = None,
        rng: random.Random | None = None,
        faults: FaultInjector | None = None,
        pace: Pace = INSTANT,
        refuse_raw_non_ascii: bool = True,
        iterator_idle_limit_s: int = 600,
        processed: Counter[str] | None = None,
        read_only: bool = False,
    ) -> None:
        self.company = company
        self.application = application
        self.product = product or about.Product()
        self.processed: Counter[str] = Counter() if processed is None else processed  #: executed requests by name
        self.worked_s = 0.0  #: seconds the last message set took QuickBooks, by the pace
        self._rng = rng or random.Random(0)
        self._faults = faults or FaultInjector(random.Random(0))
        self._pace = pace
        self._refuse_raw_non_ascii = refuse_raw_non_ascii
        self._read_only = read_only
        self._iterators = Iterators(self._rng, self._faults, idle_limit_s=iterator_idle_limit_s)

    def end_session(self) -> None:
        """The session is over: iterators die."""
        self._iterators.close()

    def process(self, text: str) -> str:
        """Execute one message set and return its answer, ASCII only.

        Raises:
            HResult: nothing was executed (0x80040400, 0x80040423, 0x80040414, 0x80040401), or everything was and the
                answer is lost (0x8004041C).
        """
        self.worked_s = 0.0
        messages = parse(text, host_version=self.product.highest_qbxml, refuse_raw_non_ascii=self._refuse_raw_non_ascii)
        subject = " ".join(request.name for request in messages.requests)
        if self._faults.fires("modal_dialog", subject):
            raise HResult(MODAL_DIALOG)
        if self._faults.fires("quickbooks_busy", subject):
            raise HResult(NO_ACCESS)
        answer = to_ascii(self._message_set(messages, subject))
        if subject and self._faults.fires("hresult_after_save", subject):
            raise HResult(INTERNAL_ACCESS_ERROR)
        return answer

    def _message_set(self, messages: MessageSet, subject: str) -> str:
        new_id, old_id = messages.new_id, messages.old_id
        memory = self.company.memory
        for set_id in (new_id, old_id):
            if set_id is not None and set_id != CLEAR_ALL and (not set_id or len(set_id) > _LONGEST_SET_ID):
                return _set_answer(messages, 9004, "")
        if old_id == CLEAR_ALL:
            memory.clear_all(self.application)
        elif old_id is not None and old_id == new_id and not messages.requests:
            saved = memory.get(self.application, old_id)
            return _set_answer(messages, 9002, "") if saved is None else self._recall(messages, saved)
        elif old_id is not None and not memory.clear(self.application, old_id) and new_id is None:
            return _set_answer(messages, 600, "")
        checksum = ""
        if new_id is not None:
            checksum = memory.checksum(messages.contents)
            saved = memory.get(self.application, new_id)
            if saved is not None:
                if saved.checksum != checksum:
                    return _set_answer(messages, 9001, "")
                return self._recall(messages, saved)
        answers = self._execute(messages)
        if subject and self._faults.fires("hresult_after_save_unrecorded", subject):
            raise HResult(INTERNAL_ACCESS_ERROR)
        if new_id is not None:
            memory.save(self.application, new_id, RememberedSet(checksum=checksum, answers=answers))
        return _set_answer(messages, 0, answers)

    def _recall(self, messages: MessageSet, saved: RememberedSet) -> str:
        answers = saved.answers
        if answers and messages.version >= RECOVERY_SINCE:
            if self._faults.fires("recovery_only", answers):
                answers = with_recovery(answers, saved_too=False)
            elif self._faults.fires("recovery_beside", answers):
                answers = with_recovery(answers, saved_too=True)
        return _set_answer(messages, 0, answers)

    def _execute(self, messages: MessageSet) -> str:
        rendered: list[str] = []
        stopped = False
        for request in messages.requests:
            if stopped:
                answer = Answer(status=3231, words="The request has not been processed.")
            else:
                answer = self._answer(request, messages.version)
                self.processed[request.name] += 1
                self.worked_s += self._pace.of_request(
                    self._rng, request.name, answer.rows, with_lines=truth(request.node.value("IncludeLineItems"))
                )
                stopped = answer.status >= 1000 and messages.on_error == "stopOnError"
            rendered.append(answer.render(request.name, request.node.attributes, with_data=messages.response_data))
        return "".join(rendered)

    def _answer(self, request: Request, version: float) -> Answer:
        request_id = request.node.attributes.get("requestID", "")
        if len(request_id) > 50:
            words = f'The request ID "{request_id}" is invalid, possibly too long, max 50 chars.'
            return Answer(status=1060, words=words)
        if request.faults:
            status, words = request.faults[0]
            return Answer(status=status, words=words)
        try:
            if request.name.endswith("QueryRq"):
                return self._query(request, version)
            return self._write(request, version)
        except Refusal as refusal:
            return Answer(status=refusal.status, words=refusal.words)

    def _write(self, request: Request, version: float) -> Answer:
        if self._read_only:
            raise Refusal(3264, "The application has read-only access to this company file.")
        for kind, status, words in _LOCKS:
            if self._faults.fires(kind, request.name):
                raise Refusal(status, words)
        if self._faults.fires("internal_error_unsaved", request.name):
            raise Refusal(1000, _INTERNAL_ERROR)
        answer = _WRITES[request.name](self.company, request, version)
        if self._faults.fires("internal_error_saved", request.name):
            raise Refusal(1000, _INTERNAL_ERROR)
        recoverable = request.name.endswith(("AddRq", "ModRq")) and version >= RECOVERY_SINCE
        if recoverable and self._faults.fires("internal_error_recovery", request.name):
            return Answer(status=1000, words=_INTERNAL_ERROR, body=[recovery_of(answer.body)])
        return answer

    def _query(self, request: Request, version: float) -> Answer:
        name, node, company = request.name, request.node, self.company
        only = frozenset(node.values("IncludeRetElement"))
        epoch = company.now().epoch
        if name in _LISTS:
            kinds = _LISTS[name]

            def entry_row(entry: ListEntry) -> str | None:
                kind = kinds[0] if len(kinds) == 1 or entry.list_id in company.lists.by_id[kinds[0]] else kinds[1]
                if entry.list_id not in company.lists.by_id[kind]:
                    return None
                return assemble(f"{kind}Ret", LIST_RENDERERS[kind](company, entry), version, only)

            return self._iterators.answer(name, node, lambda: select_entries(company, kinds, node), entry_row, epoch)
        if name in _TXNS:
            kind = _TXNS[name]
            lines, links = truth(node.value("IncludeLineItems")), truth(node.value("IncludeLinkedTxns"))

            def txn_row(txn: Txn) -> str | None:
                if txn.txn_id not in company.ledger.by_kind[kind]:
                    return None
                return assemble(f"{kind}Ret", txn_elements(company, txn, lines=lines, links=links), version, only)

            return self._iterators.answer(name, node, lambda: select_txns(company, kind, node), txn_row, epoch)
        if name in ("TxnDeletedQueryRq", "ListDeletedQueryRq"):
            of_txns = name.startswith("Txn")
            stones = company.ledger.tombstones if of_txns else company.lists.tombstones
            element = "TxnDelType" if of_txns else "ListDelType"

            def stone_row(stone: Tombstone) -> str:
                return _tombstone(company, stone, of_txns=of_txns, only=only, version=version)

            return self._iterators.answer(
                name, node, lambda: select_tombstones(company, stones, element, node), stone_row, epoch
            )
        elements: dict[str, Callable[[], Elements]] = {
            "HostQueryRq": lambda: about.host_elements(self.product),
            "CompanyQueryRq": lambda: about.company_elements(company, node.values("OwnerID")),
            "CompanyActivityQueryRq": lambda: about.activity_elements(company),
            "PreferencesQueryRq": lambda: about.preferences_elements(company),
        }
        return Answer(body=[assemble(f"{name[:-7]}Ret", elements[name](), version, only)], rows=1)


def _set_answer(messages: MessageSet, status: int, answers: str) -> str:
    recovering = messages.new_id is not None or messages.old_id is not None
    attributes = f' newMessageSetID="{escape(messages.new_id)}"' if messages.new_id is not None else ""
    if recovering:
        attributes += f' messageSetStatusCode="{status}"'
    body = f"<QBXMLMsgsRs{attributes}>{answers}</QBXMLMsgsRs>" if answers else f"<QBXMLMsgsRs{attributes} />"
    return f'<?xml version="1.0" ?><QBXML>{body}</QBXML>'


def _tombstone(company: CompanyFile, stone: Tombstone, *, of_txns: bool, only: frozenset[str], version: float) -> str:
    prefix, identity, label = ("Txn", "TxnID", "RefNumber") if of_txns else ("List", "ListID", "FullName")
    elements = [
        leaf(f"{prefix}DelType", stone.kind),
        leaf(identity, stone.object_id),
        leaf("TimeCreated", company.host_clock.printed(stone.created)),
        leaf("TimeDeleted", company.host_clock.printed(stone.deleted)),
    ]
    if stone.label:
        elements.append(leaf(label, stone.label))
    return assemble(f"{prefix}DeletedRet", elements, version, only)


def _txn_saved(company: CompanyFile, request: Request, version: float, txn: Txn) -> Answer:
    only = frozenset(request.node.values("IncludeRetElement"))
    elements = txn_elements(company, txn, lines=True, links=True)
    return Answer(body=[assemble(f"{txn.kind}Ret", elements, version, only)], rows=1)


def _vendor_saved(company: CompanyFile, request: Request, version: float, vendor: ListEntry) -> Answer:
    only = frozenset(request.node.values("IncludeRetElement"))
    return Answer(body=[assemble("VendorRet", LIST_RENDERERS["Vendor"](company, vendor), version, only)], rows=1)


def _void(company: CompanyFile, request: Request, version: float) -> Answer:
    txn = posting.void(company, request.node.value("TxnVoidType") or "", request.node.value("TxnID") or "")
    created, modified = company.printed(txn)
    elements = [leaf("TxnVoidType", txn.kind), leaf("TxnID", txn.txn_id), leaf("TimeCreated", created)]
    elements.append(leaf("TimeModified", modified))
    if txn.ref_number:
        elements.append(leaf("RefNumber", txn.ref_number))
    return Answer(body=[xml for _, xml in elements], rows=1)


def _delete(company: CompanyFile, request: Request, version: float) -> Answer:
    txn = posting.delete(company, request.node.value("TxnDelType") or "", request.node.value("TxnID") or "")
    deleted = company.ledger.tombstones[-1].deleted
    elements = [leaf("TxnDelType", txn.kind), leaf("TxnID", txn.txn_id)]
    elements.append(leaf("TimeDeleted", company.host_clock.printed(deleted)))
    if txn.ref_number:
        elements.append(leaf("RefNumber", txn.ref_number))
    return Answer(body=[xml for _, xml in elements], rows=1)


_WRITES: dict[str, Callable[[CompanyFile, Request, float], Answer]] = {
    "BillAddRq": lambda company, request, version: _txn_saved(
        company, request, version, posting.add_bill(company, request.node.children[0])
    ),
    "BillModRq": lambda company, request, version: _txn_saved(
        company, request, version, posting.modify(company, request.node.children[0], BILL)
    ),
    "VendorCreditAddRq": lambda company, request, version: _txn_saved(
        company, request, version, posting.add_vendor_credit(company, request.node.children[0])
    ),
    "VendorCreditModRq": lambda company, request, version: _txn_saved(
        company, request, version, posting.modify(company, request.node.children[0], VENDOR_CREDIT)
    ),
    "VendorAddRq": lambda company, request, version: _vendor_saved(
        company, request, version, vendor_changes.add_vendor(company, request.node.children[0])
    ),
    "VendorModRq": lambda company, request, version: _vendor_saved(
        company, request, version, vendor_changes.modify_vendor(company, request.node.children[0])
    ),
    "TxnVoidRq": _void,
    "TxnDelRq": _delete,
}
