"""Lists from QuickBooks: terms, vendors, accounts, classes, customers and jobs, as far as they changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from ml_connector.core.books import ListId, ListKind
from ml_connector.core.records import Currency, DeletedEntry, ListRecord
from ml_connector.flows.reading import Reading, Trouble, end, leave_out, note_unreadable, trouble_with
from ml_connector.flows.visit import Answer, Visit
from ml_connector.quickbooks import requests
from ml_connector.quickbooks.answers import ResponseHead, UnreadableAnswer, UnreadableRecord
from ml_connector.quickbooks.render import message_set
from ml_connector.store import duties, list_progress, lists
from ml_connector.store.chain import Entry
from ml_connector.store.models import Connection

_CHUNK = 500
_CURRENCIES = "currencies"
_DELETED = "deleted"

#: In this order, because vendors point to terms, and vendors and accounts to currencies.
_STEPS = (_CURRENCIES, *(kind.value for kind in (
    ListKind.TERMS, ListKind.ACCOUNT, ListKind.CLASS, ListKind.VENDOR, ListKind.CUSTOMER
)), _DELETED)  # fmt: skip


class Lists:
    """Reads every list when the time for it has come, page by page where QuickBooks can hand out pages."""

    name = "lists"
    writes = False

    def has_work(self, visit: Visit) -> bool:
        """A reading is under way, or due."""
        if visit.notes.get("done"):
            return False
        return "step" in visit.notes or duties.is_due(visit.connection.pk, duties.LISTS, visit.now)

    def remaining(self, visit: Visit) -> int:
        """Records still to come, as far as QuickBooks said."""
        return Reading(visit, "").left

    def ask(self, visit: Visit) -> str | None:
        """Ask for the next page."""
        step = visit.notes.setdefault("step", _first_step(visit.connection))
        version = visit.version
        name = f"lists.{visit.serial}.{step}"
        if step == _CURRENCIES:
            return message_set([requests.currency_query(name, version)], version=version)
        reading = Reading(visit, step)
        since = reading.since()
        if step == _DELETED:
            # Entries that were deleted before the connection was made were never read.
            since = since or (visit.connection.created_at - timedelta(days=1)).replace(tzinfo=None, microsecond=0)
            return message_set([requests.list_deleted_query(name, version, since=since)], version=version)
        kind = ListKind(step)
        page = reading.page(visit.settings.list_page)
        query: Callable[[], str] = {
            ListKind.TERMS: lambda: requests.terms_query(name, version, modified_since=since),
            ListKind.ACCOUNT: lambda: requests.account_query(name, version, modified_since=since),
            ListKind.CLASS: lambda: requests.class_query(name, version, modified_since=since),
            ListKind.VENDOR: lambda: requests.vendor_query(name, version, page=page, modified_since=since),
            ListKind.CUSTOMER: lambda: requests.customer_query(name, version, page=page, modified_since=since),
        }[kind]
        return message_set([query()], version=version)

    def take(self, visit: Visit, answer: Answer) -> None:
        """Store what came."""
        problem = answer.failure.says if answer.failure else self._take_records(visit, answer)
        if problem and (kind := _kind_of(visit.notes["step"])):
            list_progress.was_not_read(visit.connection.pk, kind, problem)
        if problem and visit.notes["step"] == _DELETED:
            # The lists themselves are read by now, and need not wait for it.
            leave_out(visit, Trouble(sentence=problem, others_can_be_read=True))
            self._end(visit, "")
        elif problem:
            # Everything read so far is stored; the reading begins again from its watermark the next time.
            self._end(visit, problem)

    def _take_records(self, visit: Visit, answer: Answer) -> str:
        step = visit.notes["step"]
        reading = Reading(visit, step)
        chunk: list[ListRecord] = []
        currencies: dict[str, str] = {}
        deleted: list[ListId] = []
        changed, count, head = 0, 0, None
        unreadable: list[UnreadableRecord] = []
        try:
            for part in answer.parts(unreadable.append):
                if isinstance(part, ResponseHead):
                    head = part
                elif isinstance(part, ListRecord):
                    chunk.append(part)
                    reading.saw(part.time_modified)
                    count += 1
                    if len(chunk) == _CHUNK:
                        changed += lists.store_records(visit.connection, chunk, visit.connection.currencies, visit.now)
                        chunk = []
                elif isinstance(part, Currency):
                    currencies[part.name] = part.code
                elif isinstance(part, DeletedEntry):
                    deleted.append(part.list_id)
                    reading.saw(part.time_deleted)
        except UnreadableAnswer as error:
            return str(error)
        changed += lists.store_records(visit.connection, chunk, visit.connection.currencies, visit.now)
        changed += lists.note_deleted(visit.connection, deleted, visit.now)
        note_unreadable(visit, unreadable, answer)
        trouble = trouble_with(head, f"The {step} list")
        if trouble is not None:
            if not trouble.others_can_be_read:
                return trouble.sentence
            if kind := _kind_of(step):
                list_progress.was_not_read(visit.connection.pk, kind, trouble.sentence)
            leave_out(visit, trouble)
            self._next_step(visit, step)
            return ""
        assert head is not None
        reading.counted(count + len(unreadable))
        if currencies:
            _store_currencies(visit, currencies)
        if changed:
            self._note_changes(visit, step, changed, answer)
        if reading.more(head.iterator_id, head.iterator_remaining):
            return ""
        if kind := _kind_of(step):
            list_progress.was_read(visit.connection.pk, kind, visit.now, whole=reading.whole)
        reading.finish()
        self._next_step(visit, step)
        return ""

    def _note_changes(self, visit: Visit, step: str, changed: int, answer: Answer) -> None:
        lists.books_changed(visit.connection)
        words = f"{changed} new or changed entries of the {step} list."
        visit.ledger.note(Entry(event="list_read", words=words, exchange=answer.exchange))
        duties.wake(visit.connection.pk, visit.now, duties.PLANNING, duties.PUBLICATION)

    def _next_step(self, visit: Visit, step: str) -> None:
        following = _STEPS.index(step) + 1
        if following < len(_STEPS):
            visit.notes["step"] = _STEPS[following]
        else:
            self._end(visit, "")

    def _end(self, visit: Visit, problem: str) -> None:
        end(visit, duties.LISTS, visit.settings.list_read_s, problem)
        if not problem:
            duties.wake(visit.connection.pk, visit.now, duties.PLANNING)


def _kind_of(step: str) -> ListKind | None:
    """Return the list that a step reads; None if it reads something about all of them."""
    return ListKind(step) if step not in {_CURRENCIES, _DELETED} else None


def _first_step(connection: Connection) -> str:
    return _CURRENCIES if connection.preferences.get("multicurrency") else ListKind.TERMS.value


def _store_currencies(visit: Visit, codes: dict[str, str]) -> None:
    """QuickBooks names currencies by name; invoices name them by code."""
    connection = visit.connection
    merged = connection.currencies | codes
    home = merged.get(connection.preferences.get("home_currency_name", ""), "")
    preferences = connection.preferences | ({"home_currency": home} if home else {})
    if merged == connection.currencies and preferences == connection.preferences:
        return
    connection.currencies, connection.preferences = merged, preferences
    connection.save(update_fields=["currencies", "preferences"])
    lists.books_changed(connection)
