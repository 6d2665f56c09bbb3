"""The signature of a notification: HMAC-SHA256 over the raw body with the subscription's secret.

The header is `x-bwapi-signature-256`. How it is encoded is not documented, so every usual form is accepted and the one
that matched is told. Accepting several encodings of one and the same digest does not make it easier to forge.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from enum import StrEnum

from ml_connector.core.secret import Secret

#: Name of the header, in lower case.
HEADER = "x-bwapi-signature-256"

_PREFIX = b"sha256="


class SignatureForm(StrEnum):
    """How a signature was written."""

    HEX = "hex"
    HEX_UPPER = "hex, upper case"
    BASE64 = "base64"
    BASE64URL = "base64url"
    PREFIXED_HEX = "sha256=hex"
    PREFIXED_HEX_UPPER = "sha256=hex, upper case"
    PREFIXED_BASE64 = "sha256=base64"
    PREFIXED_BASE64URL = "sha256=base64url"


_PLAIN = (SignatureForm.HEX, SignatureForm.HEX_UPPER, SignatureForm.BASE64, SignatureForm.BASE64URL)
_PREFIXED = (
    SignatureForm.PREFIXED_HEX,
    SignatureForm.PREFIXED_HEX_UPPER,
    SignatureForm.PREFIXED_BASE64,
    SignatureForm.PREFIXED_BASE64URL,
)


def verify(raw_body: bytes, header_value: str, secrets: Sequence[Secret]) -> SignatureForm | None:
    """Return the form in which the body is signed with one of the secrets, or None if it is not.

    `secrets` holds more than one while a secret is being replaced; an empty one signs nothing. `raw_body` is the body
    as it arrived, before anything has parsed it. Takes the same time whichever form or secret matches.
    """
    given = header_value.strip().encode("utf-8", "replace")
    prefixed = given[: len(_PREFIX)].lower() == _PREFIX
    if prefixed:
        given = given[len(_PREFIX) :]
    matched: SignatureForm | None = None
    for secret in secrets:
        key = secret.open().encode()
        digest = hmac.new(key, raw_body, hashlib.sha256).digest()
        for form, written in zip(_PREFIXED if prefixed else _PLAIN, _written(digest), strict=True):
            # Without its padding a base64 text is as long as it says, so both lengths are compared as one.
            same = hmac.compare_digest(written.rstrip(b"="), given.rstrip(b"="))
            if same and key and matched is None:
                matched = form
    return matched


def _written(digest: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    plain = digest.hex().encode("ascii")
    return plain, plain.upper(), base64.b64encode(digest), base64.urlsafe_b64encode(digest)
