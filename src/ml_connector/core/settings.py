"""Settings of one connection: a frozen value, each field with unit, range, default and reason."""

from __future__ import annotations

from collections.abc import Mapping as ReadOnlyDict
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.quiet import is_window


def _number(default: int, low: int, high: int, why: str) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "why": why})


def _text(default: str, least: int, most: int, why: str) -> Any:
    return field(default=default, metadata={"least": least, "most": most, "why": why})


def _choice(default: str, words: tuple[str, ...], why: str) -> Any:
    return field(default=default, metadata={"words": words, "why": why})


def _window(default: str, why: str) -> Any:
    return field(default=default, metadata={"window": True, "why": why})


def _flag(default: bool, why: str) -> Any:
    return field(default=default, metadata={"why": why})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """How one connection behaves. Times are in seconds; every interval can be set down to one second."""

    invoice_poll_s: int = _number(
        600,
        1,
        86400,
        "How often Basware is asked for approved invoices; a notification only makes the next time sooner.",
    )
    page_size: int = _number(100, 1, 100, "Invoices per page. Source: P2P API, accountingDocuments, pageSize.")
    sweep_s: int = _number(
        86400, 1, 604800, "How often invoices that are acknowledged in Basware but unknown here are looked for."
    )
    list_read_s: int = _number(
        1800, 1, 604800, "How often changed vendors, accounts, classes, jobs and terms are read."
    )
    list_publish_s: int = _number(30, 1, 86400, "How often changed list entries are sent to Basware.")
    request_status_s: int = _number(
        60,
        1,
        3600,
        "How soon Basware is first asked what became of records it was sent; the wait doubles up to 32 times.",
    )
    payment_read_s: int = _number(900, 1, 604800, "How often changed bill payments are read from QuickBooks.")
    drift_read_s: int = _number(
        900, 1, 604800, "How often it is read from QuickBooks which Bills and vendor credits were saved there."
    )
    answer_s: int = _number(5, 1, 86400, "How often answers that are due (transfers, payments) are sent to Basware.")
    web_connector_every_s: int = _number(
        300, 1, 86400, "Polling interval written into the .qwc file; the user of the Web Connector can change it."
    )
    session_expires_s: int = _number(
        3600,
        60,
        86400,
        "Silence after which a Web Connector session is taken for dead; QuickBooks may work for minutes.",
    )
    overlap_s: int = _number(
        7200,
        60,
        86400,
        "How far a modified-since reading reaches back: QuickBooks stamps with workstation clocks, which differ, and which"
        " repeat an hour every autumn.",
    )
    list_page: int = _number(500, 10, 1000, "List entries per answer where QuickBooks can hand them out in pages.")
    txn_page: int = _number(100, 10, 500, "Bills or payments per answer, with their lines.")
    bills_per_check: int = _number(200, 1, 500, "Documents looked up together before they are added.")
    bills_per_set: int = _number(100, 1, 200, "Documents added with one message set.")
    burst_s: int = _number(
        10, 1, 110, "Longest time one message set should keep QuickBooks busy; sets shrink to hold it."
    )
    quiet_hours: str = _window(
        "",
        "Window of each day, in the company's time zone, in which QuickBooks is given nothing to write; empty: none.",
    )
    retry_base_s: int = _number(
        5, 1, 300, "Wait after a first failure; it doubles with each further one, up to 15 minutes."
    )
    retry_limit: int = _number(6, 1, 100, "Tries for a document that QuickBooks refuses for passing reasons.")
    answer_deadline_s: int = _number(
        172800,
        1,
        31536000,
        "How long Basware is taken to wait for an answer after an invoice was acknowledged, before it sets Transfer Failed by"
        " itself; no source states the window.",
    )
    deadline_alert_s: int = _number(
        86400, 1, 31536000, "How long before the deadline an invoice without an answer is said aloud."
    )
    password_overlap_s: int = _number(
        604800,
        1,
        7776000,
        "How long the Web Connector's earlier password is taken after a new one was set; it ends with the first sign-in that"
        " uses the new one.",
    )
    http_timeout_s: int = _number(30, 1, 300, "Longest wait for one answer of Basware.")
    changed_invoices: str = _choice(
        "ask",
        ("ask", "modify"),
        "What is done when an invoice comes again with other content after its Bill was entered: a person is asked, or the"
        " Bill is changed where that is safe.",
    )
    mapping_approval: bool = _flag(
        False, "Whether a change of the mapping is only proposed until a second person approves it."
    )
    replay_approval_above: int = _number(
        0,
        0,
        1_000_000_000,
        "A replay of documents that come to more than this, in whole units of any one currency, needs a second person; 0 means"
        " never.",
    )
    post_payment_blocked: bool = _flag(
        False, "Post invoices that are blocked for payment in Basware, marked in the memo."
    )
    time_zone: str = _text(
        "UTC", 1, 64, "Time zone in which people are told times, as an IANA name such as America/Los_Angeles."
    )
    # Source: P2P API, sourceSystem of responses (of vendors it may be longer) and language of names.
    source_system: str = _text(
        "QuickBooks", 0, 32, "Name of this company file in Basware's vendor and response records."
    )
    language: str = _text("en-US", 2, 10, "Language tag under which names are written to Basware.")

    def changed(self, changes: ReadOnlyDict[str, Any]) -> ConnectionSettings:
        """Return a copy with some fields changed.

        Raises:
            NeedsOperator: an unknown name, or a value out of range; the sentence says what is allowed.
        """
        known = {f.name: f for f in fields(self)}
        clean: dict[str, Any] = {}
        for name, value in changes.items():
            key = name.replace("-", "_")
            if key not in known:
                raise NeedsOperator(f"There is no setting {name!r}; the settings are: {', '.join(sorted(known))}.")
            clean[key] = _checked(key, value, known[key].default, dict(known[key].metadata))
        return replace(self, **clean)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def _checked(name: str, value: Any, default: Any, meta: dict[str, Any]) -> Any:
    if isinstance(default, bool):
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word in {"true", "yes", "on", "1"}:
            return True
        if word in {"false", "no", "off", "0"}:
            return False
        raise NeedsOperator(f"{name} is yes or no, not {value!r}.")
    if isinstance(default, int):
        try:
            number = int(str(value))
        except ValueError:
            raise NeedsOperator(
                f"{name} is a whole number from {meta['low']} to {meta['high']}, not {value!r}."
            ) from None
        if not meta["low"] <= number <= meta["high"]:
            raise NeedsOperator(f"{name} is a whole number from {meta['low']} to {meta['high']}, not {number}.")
        return number
    text = str(value)
    if "window" in meta:
        if text and not is_window(text):
            raise NeedsOperator(f"{name} is a window such as 22:00-06:00, or empty, not {text!r}.")
        return text
    if "words" in meta:
        if text not in meta["words"]:
            raise NeedsOperator(f"{name} is {' or '.join(meta['words'])}, not {text!r}.")
        return text
    if not meta["least"] <= len(text) <= meta["most"] or not text.isprintable():
        raise NeedsOperator(f"{name} has {meta['least']} to {meta['most']} printable characters, not {text!r}.")
    return text
