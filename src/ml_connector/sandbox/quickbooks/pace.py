"""How long QuickBooks takes.

Nobody has published times per request; the defaults are the estimates of the reference's throughput table: 0.3 to
1.5 s for a save, 20 to 100 ms for any request, 200 to 500 headers or 50 to 150 bills with lines a second, 30 to 60 s
for a cold start, 1 to 3 s to open a session.
"""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Ranges in seconds (low, high); `scale` multiplies all of them and 0 is instant."""

    scale: float = 1.0
    cold_start_s: tuple[float, float] = (30.0, 60.0)
    session_s: tuple[float, float] = (1.0, 3.0)
    request_s: tuple[float, float] = (0.02, 0.1)
    save_s: tuple[float, float] = (0.3, 1.5)
    header_row_s: tuple[float, float] = (0.002, 0.005)
    lined_row_s: tuple[float, float] = (0.0067, 0.02)

    def of_request(self, rng: random.Random, name: str, rows: int, *, with_lines: bool) -> float:
        """Seconds QuickBooks works on one request that returned `rows` objects."""
        if not self.scale:
            return 0.0
        seconds = rng.uniform(*self.request_s)
        if not name.endswith("QueryRq"):
            return self.scale * (seconds + rng.uniform(*self.save_s))
        per_row = rng.uniform(*(self.lined_row_s if with_lines else self.header_row_s))
        return self.scale * (seconds + rows * per_row)

    def of_opening(self, rng: random.Random, *, cold: bool) -> float:
        """Seconds until a session is open; `cold` when QuickBooks has to be started first."""
        if not self.scale:
            return 0.0
        start = rng.uniform(*self.cold_start_s) if cold else 0.0
        return self.scale * (start + rng.uniform(*self.session_s))


INSTANT = Pace(scale=0.0)
REALISTIC = Pace()
