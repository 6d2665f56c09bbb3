"""Bars drawn on the server: where each rectangle and word of a chart stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.flows.overview import Chart

_WIDTH, _HEIGHT = 560, 220
_LEFT, _TOP, _BOTTOM = 44, 12, 28
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One rectangle."""

    x: float
    y: float
    width: float
    height: float
    kind: int  #: number of its series, from 1
    words: str
    query: str  #: what finds these documents in the work list; empty if nothing does


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A word beside an axis."""

    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A chart, ready to be written as SVG."""

    chart: Chart
    key: str  #: for ids in the page
    bars: Sequence[Bar]
    lines: Sequence[Mark]  #: horizontal lines with their value
    ticks: Sequence[Mark]  #: words below
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    base: int = _HEIGHT - _BOTTOM

    @property
    def legend(self) -> Sequence[tuple[str, str]]:
        """The name of each series, and where its bar stands in its group: who sees no colours finds it by that."""
        places = {2: ("left", "right"), 3: ("left", "middle", "right")}.get(len(self.chart.series), ())
        return [(one.name, places[n] if places else "") for n, one in enumerate(self.chart.series)]

    @property
    def table(self) -> Sequence[tuple[str, str, Sequence[int]]]:
        """The same in figures: for each label what finds its documents, and a count of each series."""
        queries = self.chart.queries or [""] * len(self.chart.labels)
        return [
            (label, queries[n], [one.counts[n] for one in self.chart.series])
            for n, label in enumerate(self.chart.labels)
        ]


def draw(chart: Chart, key: str) -> Drawing:
    """Lay a chart out."""
    highest = max((count for one in chart.series for count in one.counts), default=0)
    step = _step(highest)
    top = step * max(-(-highest // step), 1)
    base, full = _HEIGHT - _BOTTOM, _HEIGHT - _BOTTOM - _TOP
    room = (_WIDTH - _LEFT - 4) / max(len(chart.labels), 1)
    width = room * 0.8 / len(chart.series)
    bars = [
        Bar(
            x=round(_LEFT + place * room + room * 0.1 + number * width, 1),
            y=round(base - count * full / top, 1),
            width=round(max(width - 1, 1), 1),
            height=round(count * full / top, 1),
            kind=number + 1,
            words=f"{chart.labels[place]}: {count:,} {one.name.lower() if len(chart.series) > 1 else chart.unit}",
            query=chart.queries[place] if number == 0 and chart.queries else "",
        )
        for number, one in enumerate(chart.series)
        for place, count in enumerate(one.counts)
        if count
    ]
    lines = [
        Mark(x=_LEFT - 6, y=round(base - value * full / top, 1), words=f"{value:,}")
        for value in range(0, top + 1, step)
    ]
    every = max(1, -(-len(chart.labels) // 8))
    ticks = [
        Mark(x=round(_LEFT + place * room + room / 2, 1), y=_HEIGHT - 8, words=label.removeprefix("under "))
        for place, label in enumerate(chart.labels)
        if place % every == 0
    ]
    return Drawing(chart=chart, key=key, bars=bars, lines=lines, ticks=ticks)


def _step(highest: int) -> int:
    """Return a round distance of lines, so that there are at most five."""
    size = 1
    while True:
        for step in _STEPS:
            if step * size * 5 >= highest:
                return step * size
        size *= 10
