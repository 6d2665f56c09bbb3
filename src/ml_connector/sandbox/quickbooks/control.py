"""The control port: the outside view of the simulated QuickBooks, and everything a person could do to it.

A WSGI application for the loopback interface, JSON without sign-in under `/_control/`, and one page of HTML at `/`.

    GET  /_control/state | bills | vendor-credits | payments | deletions | duplicates | sessions | counters | messages
    GET  /_control/lists/<Vendor|Account|...> | log | faults | actions
    POST /_control/web-connector  {"qwc": text or path, "password": ..., "every_s": optional}
    POST /_control/poll           {}                         one session of every application, waits for the end
    POST /_control/recording      {"on": true}               keep every message set QuickBooks receives
    POST /_control/faults         {"kind": ..., "times": 1, "probability": 1, "only": ""} | {"realistic": true}
    POST /_control/faults/disarm  {"kind": optional}
    POST /_control/do/<action>    arguments of the action (GET /_control/actions lists them)
"""

import html
import inspect
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path
from typing import Any

from ml_connector.sandbox.quickbooks import outside_view
from ml_connector.sandbox.quickbooks.desktop import QuickBooksDesktop
from ml_connector.sandbox.quickbooks.faults import KINDS
from ml_connector.sandbox.quickbooks.qwc_file import QwcRefused
from ml_connector.sandbox.quickbooks.refusals import ScreenRefusal
from ml_connector.sandbox.quickbooks.workstation import Workstation

#: Methods of UserAtScreen that may be called by name.
ACTIONS = (
    "type_bill", "type_vendor_credit", "pay_bills", "void", "delete", "edit_bill", "add_vendor", "add_account",
    "rename", "set_active", "set_account_number", "merge", "set_closing_date", "set_class_tracking",
    "set_multicurrency", "take_backup", "restore_backup", "copy_back", "condense", "open_file", "close_file", "quit",
    "set_clock_skew",
)  # fmt: skip

_MOST_BODY_BYTES = 4 * 1024 * 1024


class _BadRequest(Exception):
    """The caller's mistake, in one sentence."""

    def __init__(self, words: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(words)
        self.status = status


class ControlApp:
    """The WSGI application over a workstation."""

    def __init__(self, workstation: Workstation) -> None:
        self._workstation = workstation
        self._reads: dict[str, Callable[[], Any]] = {
            "state": self._state,
            "bills": lambda: outside_view.bills(self._desktop.company),
            "vendor-credits": lambda: outside_view.vendor_credits(self._desktop.company),
            "payments": lambda: outside_view.payments(self._desktop.company),
            "deletions": lambda: outside_view.deletions(self._desktop.company),
            "duplicates": lambda: outside_view.duplicates(self._desktop.company),
            "sessions": lambda: [asdict(outcome) for outcome in workstation.sessions()],
            "counters": self._counters,
            "messages": lambda: [asdict(message) for message in self._desktop.recorded],
            "log": lambda: list(workstation.log),
            "faults": self._faults,
            "actions": lambda: {name: str(inspect.signature(self._action(name))) for name in ACTIONS},
        }
        self._writes: dict[str, Callable[[dict[str, Any]], Any]] = {
            "web-connector": self._add_application,
            "poll": lambda arguments: [asdict(outcome) for outcome in workstation.poll()],
            "recording": self._record,
            "faults": self._arm,
            "faults/disarm": self._disarm,
        }

    @property
    def _desktop(self) -> QuickBooksDesktop:
        return self._workstation.desktop

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        path = str(environ.get("PATH_INFO", "/"))
        try:
            if path == "/" and environ["REQUEST_METHOD"] == "GET":
                with self._desktop.lock:
                    page = _page(self._workstation)
                return _respond(start_response, HTTPStatus.OK, "text/html; charset=utf-8", page.encode())
            answer = self._answer(environ["REQUEST_METHOD"], path, environ)
            return _respond_json(start_response, HTTPStatus.OK, answer)
        except _BadRequest as reason:
            return _respond_json(start_response, reason.status, {"error": str(reason)})
        except (ScreenRefusal, QwcRefused) as reason:
            return _respond_json(start_response, HTTPStatus.BAD_REQUEST, {"error": str(reason)})

    def _answer(self, method: str, path: str, environ: dict[str, Any]) -> Any:
        if not path.startswith("/_control/"):
            raise _BadRequest("There is nothing at this address.", HTTPStatus.NOT_FOUND)
        name = path.removeprefix("/_control/").strip("/")
        if method == "GET":
            with self._desktop.lock:
                if name.startswith("lists/"):
                    return outside_view.list_entries(self._desktop.company, name.removeprefix("lists/"))
                if name in self._reads:
                    return self._reads[name]()
        elif method == "POST":
            arguments = _arguments(environ)
            if name.startswith("do/"):
                return self._do(name.removeprefix("do/"), arguments)
            if name in self._writes:
                return self._writes[name](arguments)
        raise _BadRequest("There is nothing at this address.", HTTPStatus.NOT_FOUND)

    def _action(self, name: str) -> Callable[..., Any]:
        if name not in ACTIONS:
            raise _BadRequest(f'There is no action "{name}"; there are {", ".join(ACTIONS)}.', HTTPStatus.NOT_FOUND)
        action: Callable[..., Any] = getattr(self._workstation.screen, name)
        return action

    def _do(self, name: str, arguments: dict[str, Any]) -> Any:
        action = self._action(name)
        try:
            inspect.signature(action).bind(**arguments)
        except TypeError as reason:
            raise _BadRequest(f"The action {name} cannot be called so: {reason}.") from None
        try:
            return {"result": action(**arguments)}
        except (TypeError, AttributeError, ValueError) as reason:
            raise _BadRequest(f"The action {name} cannot use these arguments: {reason}.") from None

    def _state(self) -> Any:
        desktop = self._desktop
        applications = [
            {
                "app_name": row.connector.qwc.app_name,
                "app_url": row.connector.qwc.app_url,
                "file_id": row.connector.qwc.file_id,
                "every_s": row.every_s,
                "next_run": row.next_run.isoformat() if row.next_run else None,
            }
            for row in self._workstation.applications.values()
        ]
        try:
            company = outside_view.summary(desktop.company)
        except ScreenRefusal:
            company = None
        return {"running": desktop.running, "files": desktop.paths(), "company": company, "applications": applications}

    def _counters(self) -> Any:
        return {
            "requests": dict(self._desktop.processed),
            "soap_calls": dict(self._workstation.calls()),
            "sessions": len(self._workstation.sessions()),
            "faults": dict(self._workstation.faults.counts),
        }

    def _faults(self) -> Any:
        return {
            "kinds": {kind: words for kind, (words, _) in KINDS.items()},
            "armed": [asdict(fault) for fault in self._workstation.faults.armed()],
            "fired": dict(self._workstation.faults.counts),
        }

    def _add_application(self, arguments: dict[str, Any]) -> Any:
        qwc, password, every_s = arguments.get("qwc"), arguments.get("password"), arguments.get("every_s")
        if not isinstance(qwc, str) or not isinstance(password, str):
            raise _BadRequest('The Web Connector needs "qwc", the text or path of a .qwc file, and "password".')
        if every_s is not None and (isinstance(every_s, bool) or not isinstance(every_s, (int, float)) or every_s <= 0):
            raise _BadRequest('"every_s" is a number of seconds above 0.')
        if not qwc.lstrip("\ufeff \r\n\t").startswith("<"):
            try:
                qwc = Path(qwc).read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError, ValueError):
                raise _BadRequest(f'The .qwc file "{qwc}" cannot be read.') from None
        added = self._workstation.add_application(qwc.lstrip("\ufeff"), password, every_s=every_s)
        return {"app_name": added.app_name, "app_url": added.app_url, "file_id": added.file_id}

    def _record(self, arguments: dict[str, Any]) -> Any:
        self._desktop.recording = bool(arguments.get("on", True))
        if arguments.get("clear"):
            self._desktop.recorded.clear()
        return {"on": self._desktop.recording}

    def _arm(self, arguments: dict[str, Any]) -> Any:
        faults = self._workstation.faults
        if arguments.get("realistic"):
            faults.arm_realistic_mix()
            return self._faults()
        times, probability = arguments.get("times", 1), arguments.get("probability", 1)
        if not (times is None or (isinstance(times, int) and times > 0)) or not isinstance(probability, (int, float)):
            raise _BadRequest('"times" is a whole number above 0 or null, "probability" a number from 0 to 1.')
        only = arguments.get("only", "")
        faults.arm(str(arguments.get("kind")), times=times, probability=probability, only=str(only))
        return self._faults()

    def _disarm(self, arguments: dict[str, Any]) -> Any:
        self._workstation.faults.disarm(arguments.get("kind"))
        return self._faults()


def _arguments(environ: dict[str, Any]) -> dict[str, Any]:
    length = str(environ.get("CONTENT_LENGTH") or "0")
    if not length.isdecimal() or int(length) > _MOST_BODY_BYTES:
        raise _BadRequest("The body is too long.")
    body = environ["wsgi.input"].read(int(length))
    try:
        arguments = json.loads(body or b"{}")
    except ValueError:
        raise _BadRequest("The body is not JSON.") from None
    if not isinstance(arguments, dict):
        raise _BadRequest("The body is not a JSON object.")
    return arguments


def _respond(start_response: Callable[..., Any], status: HTTPStatus, kind: str, body: bytes) -> Iterable[bytes]:
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]


def _respond_json(start_response: Callable[..., Any], status: HTTPStatus, answer: Any) -> Iterable[bytes]:
    return _respond(start_response, status, "application/json", json.dumps(answer).encode())


_STYLE = (
    "body{font:14px/1.5 system-ui,sans-serif;margin:2rem;color:#222}table{border-collapse:collapse;margin-bottom:2rem}"
    "th,td{border-bottom:1px solid #ddd;padding:.25rem .75rem;text-align:left}td.n{text-align:right}"
    "caption{font-weight:600;text-align:left;padding:.5rem 0}"
)


def _page(workstation: Workstation) -> str:
    try:
        company = workstation.desktop.company
    except ScreenRefusal as reason:
        return _document("QuickBooks", f"<p>{html.escape(str(reason))}</p>")
    facts = outside_view.summary(company)
    counted = f"{facts['lists']['Vendor']} vendors, {facts['bills']} bills, {facts['vendor_credits']} vendor credits"
    parts = [f"<p>{counted}, {facts['payments']} payments. Books closed up to {facts['closing_date'] or 'never'}.</p>"]
    columns = [("Date", "txn_date"), ("Vendor", "vendor"), ("Ref. no.", "ref_number"), ("Amount", "amount")]
    lined = [*columns, ("Currency", "currency"), ("Open", "open_amount"), ("Memo", "memo")]
    paid = [("Kind", "kind"), *columns, ("Currency", "currency"), ("Account", "account")]
    parts.append(_table("Bills", lined, outside_view.bills(company)))
    parts.append(_table("Vendor credits", lined, outside_view.vendor_credits(company)))
    parts.append(_table("Bill payments", paid, outside_view.payments(company)))
    return _document(f"{facts['company']} - what QuickBooks shows", "".join(parts))


def _table(title: str, columns: list[tuple[str, str]], rows: list[outside_view.Row]) -> str:
    amounts = {"amount", "open_amount"}
    head = "".join(f"<th>{label}</th>" for label, _ in columns)
    body = "".join(
        "<tr>"
        + "".join(f"<td{' class=n' if key in amounts else ''}>{html.escape(str(row[key]))}</td>" for _, key in columns)
        + "</tr>"
        for row in reversed(rows[-500:])
    )
    return f"<table><caption>{title} ({len(rows)})</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _document(title: str, body: str) -> str:
    name = html.escape(title)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        f"<style>{_STYLE}</style></head>"
        f"<body><h1>{name}</h1>{body}</body></html>"
    )
