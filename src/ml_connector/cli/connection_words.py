"""One connection, described to a person."""

from __future__ import annotations

from typing import Any

from ml_connector.cli.context import Context, new_table
from ml_connector.core.states import WORDS, State
from ml_connector.flows.standing import DUTY_WORDS


def describe(context: Context, value: dict[str, Any]) -> None:
    """Say how a connection stands, what it is made of, and what is due when."""
    state = f"{value['state']}: {value['pause_reason']}" if value["pause_reason"] else value["state"]
    context.say(f"Connection {value['name']}: {state}.".replace("..", "."))
    for problem in value["problems"]:
        context.say(f"  {problem}")
    if value["last_session_note"]:
        context.say(f"  The last session of the Web Connector ended with: {value['last_session_note']}")
    context.say("")
    for label, words in _facts(value).items():
        context.say(f"{label + ':':<24}{words}")
    context.say("")
    duties = new_table("Duty", "Due (UTC)", "Last done (UTC)", "Failures", "Last error")
    for name, duty in value["duties"].items():
        duties.add_row(
            DUTY_WORDS[name],
            _time(duty["due_at"]),
            _time(duty["last_ok_at"]),
            str(duty["failures"]),
            duty["last_error"],
        )
    context.show(duties)
    settings = new_table("Setting", "Value")
    for name, setting in value["settings"].items():
        settings.add_row(name, {True: "yes", False: "no"}[setting] if isinstance(setting, bool) else str(setting))
    context.show(settings)


def _facts(value: dict[str, Any]) -> dict[str, str]:
    counted = ", ".join(f"{count} {WORDS[State(state)]}" for state, count in value["documents"].items())
    return {
        "Company file": value["company_name"] or "not seen yet",
        "Its path": value["company_path"] or "not seen yet",
        "QuickBooks": f"{value['product']}, qbXML {value['qbxml_version']}" if value["product"] else "not seen yet",
        "Web Connector user": value["web_connector_user"],
        "Last call": _time(value["last_poll_at"]),
        "Last success": _time(value["last_success_at"]),
        "Next call": f"expected {_time(value['next_poll_at'])}" if value["next_poll_at"] else "not known",
        "Missed calls": str(value["missed_polls"]),
        "Earlier password": f"taken until {_time(until)}" if (until := value["earlier_password_until"]) else "none",
        "Answers awaited": f"{value['unanswered']}, first deadline {_time(value['first_deadline'])}"
        if value["first_deadline"]
        else "none",
        "Basware": value["base_url"],
        "Its tokens": value["token_url"] or "under the same address",
        "Company codes": ", ".join(value["company_codes"]),
        "Documents": counted or "none yet",
        "OwnerID, FileID": f"{value['owner_id']}, {value['file_id']}",
    }


def _time(written: str | None) -> str:
    return written.replace("T", " ").removesuffix("+00:00") if written else "never"
