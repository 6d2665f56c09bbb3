"""A notification's body: which document is worth fetching. It is a hint and carries no invoice."""

from __future__ import annotations

import json
from dataclasses import dataclass

#: Task type of the trial call that Basware makes when a subscription is created.
CONNECTION_TEST = "ConnectionTest"

_LENGTH_MAX = 200  # characters of any part; ids of Basware have at most 36


class UnreadableNotification(ValueError):
    """The body is not a notification. The message is one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What Basware points at."""

    task_id: str  #: the same for a repetition
    task_type: str  #: AccountingDocuments, RequestStatus, or ConnectionTest
    sub_type: str  #: such as WaitingForTransfer; may be empty
    document_id: str  #: `invoiceId`, or the request id; empty in a connection test

    @property
    def is_connection_test(self) -> bool:
        """Tell whether it is only a trial call, which has no effect."""
        return self.task_type == CONNECTION_TEST


def read_notification(body: bytes) -> Notification:
    """Read a notification; parts that are not known are passed over.

    Raises:
        UnreadableNotification: not JSON, or without the parts that say what it is about.
    Source: Push Notification API, notification payload.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadableNotification("The notification is not valid JSON.") from None
    if not isinstance(value, dict):
        raise UnreadableNotification("The notification is not a JSON object.")
    found: dict[str, str] = {}
    for member in ("taskId", "taskType", "taskSubType", "documentId"):
        part = value.get(member)
        if part is None:
            part = ""
        if not isinstance(part, str) or len(part) > _LENGTH_MAX:
            raise UnreadableNotification(
                f"The notification's {member} is not a text of at most {_LENGTH_MAX} characters."
            )
        found[member] = part
    notification = Notification(
        task_id=found["taskId"],
        task_type=found["taskType"],
        sub_type=found["taskSubType"],
        document_id=found["documentId"],
    )
    if not notification.task_type:
        raise UnreadableNotification("The notification has no taskType.")
    if not notification.document_id and not notification.is_connection_test:
        raise UnreadableNotification("The notification names no document.")
    return notification
