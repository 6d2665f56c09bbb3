"""`Retry-After`: how long the other side asks us to wait."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ml_connector.basware.transport import HttpResponse

#: Longest wait that is honoured, in seconds: a day. A longer one is taken for a mistake and cut to it.
LONGEST_S = 86400.0


def retry_after_s(answer: HttpResponse, now: datetime) -> float | None:
    """Return the seconds to wait from `now` (aware UTC), or None if the answer does not say.

    Both forms of RFC 9110, section 10.2.3 are read: seconds, and an HTTP date.
    """
    text = answer.header("retry-after").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_S)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), LONGEST_S)
