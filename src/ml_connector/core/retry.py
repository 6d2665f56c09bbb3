"""When to try again: exponential with full jitter, an explicit request honoured, never without an end."""

from __future__ import annotations

LEAST_S = 1.0  # shortest wait


def retry_delay_s(
    failures: int, jitter: float, *, base_s: float, cap_s: float = 900.0, retry_after_s: float | None = None
) -> float:
    """Return the seconds to wait after the `failures`-th failure in a row (1 for the first).

    `jitter` is a number from 0 to 1 drawn by the caller. A wait that the other system asked for is a lower limit.
    """
    ceiling = min(cap_s, base_s * 2.0 ** min(failures - 1, 30))
    # Full jitter, because callers that failed together would come back together; but never at once.
    wait = max(ceiling * jitter, min(ceiling, LEAST_S))
    return max(wait, retry_after_s or 0.0)
