"""Lists from QuickBooks: terms, vendors, accounts, classes, customers and jobs, as far as they changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from ml_connector.core.books import ListKind
from ml_connector.core.records import Currency, ListRecord
from ml_connector.flows.reading import Reading
from ml_connector.flows.visit import Answer, Visit
from ml_connector.quickbooks import requests
from ml_connector.quickbooks.answers import ResponseHead, UnreadableAnswer, UnreadableRecord, read_answer
from ml_connector.quickbooks.render import message_set
from ml_connector.quickbooks.statuses import Fate, classify_status
from ml_connector.store import duties, lists
from ml_connector.store.chain import Entry
from ml_connector.store.models import Connection, Duty

_CHUNK = 500
_CURRENCIES = "currencies"

#: In this order, because vendors point to terms, and vendors and accounts to currencies.
_STEPS = (_CURRENCIES, *(kind.value for kind in (
    ListKind.TERMS, ListKind.ACCOUNT, ListKind.CLASS, ListKind.VENDOR, ListKind.CUSTOMER
)))  # fmt: skip


class Lists:
    """Reads every list when the time for it has come, page by page where QuickBooks can hand out pages."""

    name = "lists"

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
        if step == _CURRENCIES:
            return message_set([requests.currency_query("lists.currencies", version)], version=version)
        kind = ListKind(step)
        reading = Reading(visit, step)
        since = reading.since()
        page = reading.page(visit.settings.list_page)
        name = f"lists.{step}"
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
        if problem:
            # Everything read so far is stored; the reading begins again from its watermark the next time.
            Reading(visit, "").drop()
            self._end(visit, problem)

    def _take_records(self, visit: Visit, answer: Answer) -> str:
        step = visit.notes["step"]
        reading = Reading(visit, step)
        chunk: list[ListRecord] = []
        currencies: dict[str, str] = {}
        changed, head = 0, None
        try:
            for part in read_answer(answer.text):
                if isinstance(part, ResponseHead):
                    head = part
                elif isinstance(part, ListRecord):
                    chunk.append(part)
                    reading.saw(part.time_modified)
                    if len(chunk) == _CHUNK:
                        changed += lists.store_records(visit.connection, chunk, visit.connection.currencies)
                        chunk = []
                elif isinstance(part, Currency):
                    currencies[part.name] = part.code
        except (UnreadableAnswer, UnreadableRecord) as error:
            return str(error)
        changed += lists.store_records(visit.connection, chunk, visit.connection.currencies)
        if head is None:
            return "QuickBooks answered without a word on the list."
        judged = classify_status(head.status_code, head.message)
        if judged.fate not in {Fate.OK, Fate.WARNED, Fate.EMPTY}:
            return f"{judged.says} ({head.status_code}: {head.message})"
        if currencies:
            _store_currencies(visit, currencies)
        if changed:
            self._note_changes(visit, step, changed, answer)
        if reading.more(head.iterator_id, head.iterator_remaining):
            return ""
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
        visit.notes.pop("step", None)
        visit.notes["done"] = True
        end_duty(visit, duties.LISTS, visit.settings.list_read_s, problem)


def end_duty(visit: Visit, name: str, next_in_s: float, problem: str) -> None:
    """Note that a reading is done until its next time, or that it failed and is due again in the next session."""
    if not problem:
        duties.done(visit.connection.pk, name, visit.now, next_in_s)
        return
    Duty.objects.filter(connection=visit.connection, name=name).update(
        due_at=visit.now + timedelta(seconds=1), last_error=problem[:500]
    )


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
