"""Request bodies, read up to a limit and no further."""

from __future__ import annotations

from django.http import HttpRequest


class BodyTooLarge(Exception):
    """The caller sends more than is taken."""


def read_body(request: HttpRequest, limit_bytes: int) -> bytes:
    """Read the body.

    Raises:
        BodyTooLarge: it is, or says it is, larger than the limit. Nothing beyond the limit is read.
    """
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > limit_bytes:
        raise BodyTooLarge
    body = request.read(limit_bytes + 1)
    if len(body) > limit_bytes:
        raise BodyTooLarge
    return body
