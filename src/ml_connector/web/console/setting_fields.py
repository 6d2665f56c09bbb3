"""How the settings of a connection are asked for: in groups, each with its label, its range and its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, fields
from typing import Any

from ml_connector.core.settings import ConnectionSettings
from ml_connector.flows.local_time import span


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One setting as a form asks for it."""

    name: str
    label: str
    kind: str  #: number, choice or text
    value: str
    choices: Sequence[tuple[str, str]]  #: value and words
    hint: str


#: Groups in order; what is in none of them stands in the last.
_GROUPS: Mapping[str, Mapping[str, str]] = {
    "QuickBooks": {
        "quiet_hours": "Quiet hours",
        "burst_s": "Longest time one message keeps QuickBooks busy",
        "bills_per_set": "Documents per message",
        "list_read_s": "Read lists every",
        "payment_read_s": "Read payments every",
        "drift_read_s": "Read edited Bills every",
        "web_connector_every_s": "Interval written into the .qwc file",
    },
    "Basware": {
        "invoice_poll_s": "Ask for invoices every",
        "list_publish_s": "Send changed list entries every",
        "answer_s": "Send answers every",
        "answer_deadline_s": "Basware waits for an answer for",
        "deadline_alert_s": "Warn before the deadline",
    },
    "What is decided how": {
        "changed_invoices": "When an invoice comes again with other content",
        "post_payment_blocked": "Invoices that are blocked for payment",
    },
    "People": {
        "time_zone": "Time zone",
        "password_overlap_s": "An earlier password is taken for",
    },
}
_REST = "More"
_WORDS = {
    "changed_invoices": (("ask", "Ask a person"), ("modify", "Change the Bill where that is safe")),
    "post_payment_blocked": (("no", "Hold them"), ("yes", "Post them, marked in the memo")),
}


def groups(settings: ConnectionSettings, given: Mapping[str, str]) -> list[tuple[str, list[Asked]]]:
    """Return every setting in its group; `given` is what was typed and could not be taken."""
    known = {field.name: field for field in fields(ConnectionSettings)}
    found = []
    for title, labels in _GROUPS.items():
        asked = [_asked(known.pop(name), label, settings, given) for name, label in labels.items()]
        found.append((title, asked))
    rest = [_asked(field, _plain(name), settings, given) for name, field in known.items()]
    return [*found, (_REST, rest)]


def changes(settings: ConnectionSettings, given: Mapping[str, str]) -> dict[str, str]:
    """Return what a form changes: the settings it names whose value is another one."""
    return {
        name: given[name].strip()
        for name in settings.as_dict()
        if name in given and given[name].strip() != written(getattr(settings, name))
    }


def written(value: Any) -> str:
    """Return a value as the form writes it."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _asked(field: Field[Any], label: str, settings: ConnectionSettings, given: Mapping[str, str]) -> Asked:
    value = given.get(field.name, written(getattr(settings, field.name)))
    choices = _WORDS.get(field.name, tuple((word, word) for word in field.metadata.get("words", ())))
    if isinstance(field.default, bool) and not choices:
        choices = (("no", "No"), ("yes", "Yes"))
    kind = "choice" if choices else "number" if isinstance(field.default, int) else "text"
    unit = ", in seconds" if field.name.endswith("_s") else ""
    return Asked(
        name=field.name,
        label=label + unit,
        kind=kind,
        value=value,
        choices=choices,
        hint=_hint(field, settings),
    )


def _hint(field: Field[Any], settings: ConnectionSettings) -> str:
    words, default = str(field.metadata["why"]), int(str(field.default)) if "low" in field.metadata else 0
    if "low" in field.metadata:
        words += f" {field.metadata['low']:,} to {field.metadata['high']:,}; usually {default:,}"
        words += f" ({span(default)})." if field.name.endswith("_s") and default >= 60 else "."
    elif field.name == "quiet_hours":
        words += f" Such as 22:00-06:00; times are {settings.time_zone}."
    return words


def _plain(name: str) -> str:
    words = name.removesuffix("_s").replace("_", " ")
    return words[:1].upper() + words[1:]
