"""From an empty installation to the first Bill: which stages there are, and which of them are behind us.

Nothing remembers where a person was: every stage is done when what it is about holds, so that the way can be left at any
time, and gone on with by somebody else or by commands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import health
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store import duties, trials
from ml_connector.store.chain import Entry, writing
from ml_connector.store.models import (
    Connection,
    Duty,
    EntryEvent,
    ListEntry,
    ListProgress,
    MappingRule,
    MessageSet,
    Session,
    Watermark,
)

#: Stages in order, with their titles.
TITLES = {
    "basware": "Basware",
    "quickbooks": "Web Connector",
    "company": "Company file",
    "lists": "Lists",
    "mapping": "Codes",
    "trial": "Dry run",
    "live": "Go live",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of the way."""

    key: str
    title: str
    done: bool


def stages(surroundings: Surroundings, connection: Connection) -> Sequence[Stage]:
    """Return every stage, in order."""
    lists_read = duties.was_done(connection.pk, duties.LISTS)
    done = {
        "basware": _basware_lets_us(surroundings, connection),
        "quickbooks": connection.last_success_at is not None,
        "company": connection.company_confirmed_at is not None,
        "lists": lists_read,
        "mapping": lists_read and not (connection.dry_run and codes(connection)),
        "trial": not connection.dry_run,
        "live": not connection.dry_run,
    }
    return [Stage(key=key, title=title, done=done[key]) for key, title in TITLES.items()]


def _basware_lets_us(surroundings: Surroundings, connection: Connection) -> bool:
    try:
        return health.latest(surroundings, connection).ok
    except NeedsOperator:
        return False


def next_stage(found: Sequence[Stage]) -> str:
    """Return the first stage that is not done; the last one if all are."""
    return next((stage.key for stage in found if not stage.done), found[-1].key)


#: Faults that say that nothing in QuickBooks answers to a code, and the kind of the code.
MAPPABLE = {
    "MLC-VENDOR-01": "vendor",
    "MLC-ACCOUNT-01": "account",
    "MLC-CLASS-01": "class",
    "MLC-JOB-01": "customer",
    "MLC-TERMS-01": "terms",
}
_LOOKED_THROUGH = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code of Basware to which nothing in QuickBooks answers."""

    kind: str
    code: str
    holds: int  #: invoices of the dry run that it holds up


def codes(connection: Connection) -> Sequence[Code]:
    """Return the codes that hold invoices of the dry run up, those that hold most of them first."""
    held = trials.of(connection.pk, trials.Verdict.HELD).order_by("document").values_list("faults", flat=True)
    found: dict[tuple[str, str], int] = {}
    for faults in held[:_LOOKED_THROUGH]:
        for key in {(MAPPABLE[f["code"]], f["value"]) for f in faults if f["code"] in MAPPABLE}:
            found[key] = found.get(key, 0) + 1
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [Code(kind=kind, code=code, holds=holds) for (kind, code), holds in ordered]


# Which company file it is.


def confirm_company(surroundings: Surroundings, connection: Connection, actor: str) -> None:
    """Note that a person said that the company file that answered is the right one.

    Raises:
        NeedsOperator: none has answered yet.
    """
    now = surroundings.clock()
    with writing(connection.pk, now, actor) as ledger:
        row = ledger.connection
        if not row.company_name:
            raise NeedsOperator("No company file has answered yet; let the Web Connector run first.")
        row.company_confirmed_at = now
        row.save(update_fields=["company_confirmed_at"])
        ledger.note(Entry(event="company_file", words=f"{row.company_name} is the right company file."))


def reject_company(surroundings: Surroundings, connection: Connection, actor: str) -> str:
    """Part from the company file that answered, and forget all that was read from it; return its name. The next file that
    answers is taken.

    Raises:
        NeedsOperator: the connection is live, or something was written to the file already.
    """
    now = surroundings.clock()
    with writing(connection.pk, now, actor) as ledger:
        row, name = ledger.connection, ledger.connection.company_name
        if not row.dry_run or MessageSet.objects.filter(connection=row).exists():
            raise NeedsOperator(
                f"Something may have been written to {name} already, so that the connection cannot part from it. Pause it,"
                " and make another connection for the other company file."
            )
        Session.objects.filter(connection=row, closed_at=None).update(closed_at=now)
        EntryEvent.objects.filter(entry__connection=row).delete()
        for model in (ListEntry, ListProgress, Watermark, MappingRule):
            model.objects.filter(connection=row).delete()
        trials.forget(row.pk)
        for column in ("company_name", "company_path", "company_file_id", "product", "qbxml_version", "last_restore",
                       "last_condense", "last_session_note"):  # fmt: skip
            setattr(row, column, "")
        row.preferences, row.currencies = {}, {}
        row.company_confirmed_at = row.last_success_at = None
        row.books_version += 1
        row.save()
        of_quickbooks = Duty.objects.filter(connection=row, name__in=duties.BY_WEB_CONNECTOR)
        of_quickbooks.update(last_ok_at=None, due_at=now, failures=0, last_error="")
        words = f"{name} is not the right company file. What was read from it is forgotten; nothing was written to it."
        ledger.note(Entry(event="company_file", words=words))
    return name


def waits_for_quickbooks(connection: Connection) -> str:
    """Say what is known while no company file has answered: `never`, `refused`, `trouble`, `asking` or `answered`."""
    refused, polled = connection.last_refused_at, connection.last_poll_at
    if connection.company_name:
        return "answered"
    if refused is not None and _is_later(refused, polled):
        return "refused"
    if polled is None:
        return "never"
    return "trouble" if connection.last_session_note else "asking"


def _is_later(moment: datetime, other: datetime | None) -> bool:
    return other is None or moment > other
