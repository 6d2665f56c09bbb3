"""The audit chain verified piece by piece, in the time of a page each, with what is found kept for everybody to see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Max

from ml_connector.core.errors import NeedsOperator
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store.audit_search import chain_end
from ml_connector.store.chain import Entry, Piece, the_end, verify_piece, writing
from ml_connector.store.chain_checks import ChainCheck
from ml_connector.store.models import Connection

PIECE = 2_500  # entries looked at in one step
_BREAKS_KEPT = 100
_LEFT_ALONE = timedelta(minutes=10)  # a check that nobody went on with for so long does not stand in the way of another


def begin(surroundings: Surroundings, connection: Connection, actor: str) -> ChainCheck:
    """Begin to verify the chain of a connection; what is written from now on is not looked at.

    Raises:
        NeedsOperator: nothing has been written yet.
    """
    seq, head = chain_end(connection)
    if not seq:
        raise NeedsOperator("The audit trail of this connection has no entry yet.")
    now = surroundings.clock()
    running = ChainCheck.objects.filter(connection=connection, ended_at=None, begun_at__gt=now - _LEFT_ALONE)
    known = running.order_by("-pk").first()
    if known is not None:
        return known
    return ChainCheck.objects.create(connection=connection, begun_at=now, actor=actor[:80], upto=seq, head=head)


def go_on(surroundings: Surroundings, number: int, *, piece_size: int = PIECE) -> ChainCheck | None:
    """Look at the next piece; the last one ends the check, and the audit trail tells what was found. None: no such check."""
    check = ChainCheck.objects.filter(pk=number).first()
    if check is None or check.ended_at is not None:
        return check
    piece = verify_piece(check.connection_id, Piece(checked=check.checked, hash=check.hash), check.upto, piece_size)
    ended = piece.entries < piece_size or piece.checked >= check.upto
    breaks = [*piece.breaks, *(the_end(piece, check.upto, check.head) if ended else ())]
    # Read without a lock, because whoever writes would wait; of two browsers that go on at once, one piece counts.
    taken = ChainCheck.objects.filter(pk=number, checked=check.checked, ended_at=None).update(
        checked=piece.checked,
        hash=piece.hash,
        broken=check.broken + len(breaks),
        breaks=[*check.breaks, *breaks][:_BREAKS_KEPT],
        ended_at=surroundings.clock() if ended else None,
    )
    check.refresh_from_db()
    if taken and ended:
        with writing(check.connection_id, surroundings.clock(), check.actor) as ledger:
            ledger.note(Entry(event="audit_verified", words=in_words(check)))
    return check


def in_words(check: ChainCheck) -> str:
    """Say what a check found."""
    if not check.broken:
        return f"The audit chain holds: {check.upto:,} entries, each with its exchange; head {check.head}."
    places = "in 1 place" if check.broken == 1 else f"in {check.broken:,} places"
    return f"The audit chain does not hold {places} among {check.upto:,} entries. {check.breaks[0]}"


def as_dict(check: ChainCheck) -> dict[str, Any]:
    """Return a check as plain values."""
    ended = check.ended_at is not None
    return {
        "number": check.pk,
        "connection": check.connection.name,
        "entries": check.upto,
        "checked": check.checked,
        "ended": ended,
        "ok": not check.broken if ended else None,
        "words": in_words(check) if ended else "",
        "breaks": check.breaks,
    }


def latest(connection: Connection) -> ChainCheck | None:
    """Return the latest check of a connection, also one that is under way."""
    return ChainCheck.objects.filter(connection=connection).order_by("-pk").first()


def latest_ended() -> dict[int, ChainCheck]:
    """Return the latest check of each connection that came to its end, by connection."""
    ended = ChainCheck.objects.exclude(ended_at=None).order_by().values("connection").annotate(latest=Max("pk"))
    rows = ChainCheck.objects.filter(pk__in=[row["latest"] for row in ended])
    return {row.connection_id: row for row in rows}
