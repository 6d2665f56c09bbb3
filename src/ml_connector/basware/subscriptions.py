"""Subscriptions: asking Basware to notify us. Their secrets are sent once and never shown again.

Source: Push Notification API, subscriptions.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from ml_connector.basware.calls import Calls
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.secret import Secret

_PATH = "/v1/subscriptions"
_URL_MAX = 2083
_EVER = "0001-01-01T00:00:00Z"  # deletion is by `lastUpdated` after a moment; this is every moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One subscription, without its secret."""

    task_type: str  #: such as AccountingDocuments
    task_sub_type: str  #: such as WaitingForTransfer, or All
    url: str
    last_updated: str  #: raw


def create(calls: Calls, url: str, secret: Secret, task_type: str, sub_type: str) -> tuple[Subscription, ...]:
    """See `BaswareClient.create_subscription`."""
    if len(url) > _URL_MAX or not _is_web_address(url):
        raise NeedsOperator(f"The notification address must be a full web address of at most {_URL_MAX} characters.")
    opened = secret.open()
    if not opened or not opened.isascii():
        # How Basware turns other characters into a key is not documented.
        raise NeedsOperator("The notification secret must be a text of ASCII characters.")
    body = json.dumps(
        [
            {
                "taskType": task_type,
                "taskSubType": sub_type,
                "subscriptionType": "Webhook",
                "notificationWebhookURL": url,
                "webhookAuthenticationToken": opened,
            }
        ],
        separators=(",", ":"),
    ).encode()
    answer = calls.make("POST", _PATH, scope="subscriptions.write", body=body, mask=(opened,))
    if not answer.good:
        raise answer.refusal()
    return _read(answer.response.body)


def listed(calls: Calls) -> tuple[Subscription, ...]:
    """See `BaswareClient.list_subscriptions`."""
    answer = calls.make("GET", _PATH, scope="subscriptions.read", mask=())
    if answer.status == 404:
        return ()
    if not answer.good:
        raise answer.refusal()
    return _read(answer.response.body)


def delete(calls: Calls, task_type: str, sub_type: str) -> int:
    """See `BaswareClient.delete_subscription`."""
    if not task_type or not sub_type or "all" in {task_type.lower(), sub_type.lower()}:
        raise NeedsOperator("Name the exact type of the subscription: All would end those of other integrations too.")
    query = urlencode({"lastUpdated": _EVER, "taskType": task_type, "taskSubType": sub_type})
    answer = calls.make("DELETE", _PATH, scope="subscriptions.delete", query=query, mask=())
    if answer.status == 404:
        return 0
    if not answer.good:
        raise answer.refusal()
    value = _json(answer.response.body)
    count = value.get("numberOfRecordsDeleted") if isinstance(value, dict) else None
    # The number is shown as a text in Basware's own example.
    return int(count) if isinstance(count, int) or (isinstance(count, str) and count.isdigit()) else 0


def _read(body: bytes) -> tuple[Subscription, ...]:
    value = _json(body)
    if isinstance(value, dict):
        value = value.get("subscriptions")
    items = value if isinstance(value, list) else []
    return tuple(
        Subscription(
            task_type=_text(item, "taskType"),
            task_sub_type=_text(item, "taskSubType"),
            url=_text(item, "notificationWebhookURL"),
            last_updated=_text(item, "lastUpdated"),
        )
        for item in items
        if isinstance(item, dict)
    )


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"https", "http"} and bool(parts.hostname)
    except ValueError:
        return False


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _text(item: dict[str, Any], member: str) -> str:
    found = item.get(member)
    return found if isinstance(found, str) else ""
