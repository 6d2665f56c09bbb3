"""What the tenant saw of its callers: counters of every request, and their bodies when recording is on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Traffic:
    """Counters and recorded bodies of one tenant."""

    counts: Counter[tuple[str, str, int]] = field(default_factory=Counter)  #: (method, path template, status)
    recording: bool = False
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def note(self, method: str, template: str, path: str, status: int, body: bytes) -> None:
        """Count a request; keep its body if recording is on and there is one."""
        self.counts[method, template, status] += 1
        if self.recording and body:
            text = body.decode(errors="replace")
            self.bodies.append({"method": method, "template": template, "path": path, "status": status, "body": text})

    def table(self) -> list[dict[str, Any]]:
        """Return the counters, one row for each combination."""
        return [
            {"method": method, "path": template, "status": status, "count": count}
            for (method, template, status), count in sorted(self.counts.items())
        ]
