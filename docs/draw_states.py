"""Print the diagram of a document's life, drawn from the transition table.

    python docs/draw_states.py

`docs/reference/states.md` holds the output; a test compares the two.
"""

from __future__ import annotations

import sys

from ml_connector.core.states import TRANSITIONS, WORDS, State


def diagram() -> str:
    """Return the diagram as Mermaid text: one arrow per pair of states, its events on it."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for (state, event), following in TRANSITIONS.items():
        arrows.setdefault((state, following), []).append(event.value)
    lines = ["stateDiagram-v2", f"    [*] --> {State.RECEIVED.value}: received"]
    lines += [f"    {state.value}: {words}" for state, words in WORDS.items()]
    lines += [
        f"    {state.value} --> {following.value}: {', '.join(events)}" for (state, following), events in arrows.items()
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(diagram())
