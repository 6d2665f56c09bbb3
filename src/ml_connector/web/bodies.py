"""Request bodies, read up to a limit and no further."""

from __future__ import annotations

from typing import Any

from cheroot.errors import MaxSizeExceeded
from django.http import HttpRequest

_PIECE_BYTES = 1_000_000


class BodyTooLarge(Exception):
    """The caller sends more than is taken."""


class BodyBroken(Exception):
    """The body did not arrive as it was announced."""


def read_body(request: HttpRequest, limit_bytes: int) -> bytes:
    """Read the body, whether its length was announced or it comes in chunks.

    Raises:
        BodyTooLarge: it is, or says it is, larger than the limit. Nothing beyond the limit is read.
        BodyBroken: it ended early, or its chunks are not marked as they must be.
    """
    if request.META.get("HTTP_TRANSFER_ENCODING"):
        return _read_chunks(request.META["wsgi.input"], limit_bytes)
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > limit_bytes:
        raise BodyTooLarge
    try:
        body = request.read(limit_bytes + 1)
    except OSError:
        raise BodyBroken from None
    if len(body) > limit_bytes:
        raise BodyTooLarge
    return body


def _read_chunks(stream: Any, limit_bytes: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    try:
        while piece := stream.read(_PIECE_BYTES):
            pieces.append(piece)
            size += len(piece)
            if size > limit_bytes:
                raise BodyTooLarge
    except TimeoutError:
        raise BodyBroken from None
    except (MaxSizeExceeded, OSError):  # the server's own limit
        raise BodyTooLarge from None
    except ValueError:
        raise BodyBroken from None
    return b"".join(pieces)
