"""Stylesheet and scripts: read once, named by their content, and kept by browsers for ever."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@cache
def _files() -> dict[str, tuple[str, bytes, bytes]]:
    """Return digest, bytes and compressed bytes of each file, by name."""
    found = {}
    for path in sorted(_FOLDER.iterdir()):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            found[path.name] = hashlib.sha256(content).hexdigest()[:16], content, gzip.compress(content, mtime=0)
    return found


def address_of(name: str) -> str:
    """Return the address of a file; it changes with the file."""
    return reverse("console:static", args=(_files()[name][0], name))


def serve(request: HttpRequest, digest: str, name: str) -> HttpResponse:
    """Answer with a file."""
    known = _files().get(name)
    if known is None or known[0] != digest:
        return HttpResponse("There is nothing at this address.\n", status=404, content_type="text/plain")
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(known[2] if packed else known[1], content_type=_TYPES[Path(name).suffix])
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
