"""The master key: outside the database, made once, readable by its owner only, read from a file or the environment."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ml_connector.core.errors import NeedsOperator

ENVIRONMENT = "ML_CONNECTOR_MASTER_KEY"
EARLIER = "ML_CONNECTOR_EARLIER_MASTER_KEY"

_NONCE_BYTES = 12
KEY_BYTES = 32


class MasterKey:
    """The key that is not in the database. Printed, it shows only its id."""

    __slots__ = ("_cipher", "key_id")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise NeedsOperator("The master key must be 32 bytes, written in base64; make one with: ml-connector init.")
        self._cipher = AESGCM(key)
        #: First 16 hexadecimal digits of its SHA-256: tells keys apart, tells nothing about them.
        self.key_id = hashlib.sha256(b"ml-connector master key" + key).hexdigest()[:16]

    @classmethod
    def from_text(cls, text: str) -> MasterKey:
        """Read it from base64.

        Raises:
            NeedsOperator: the text is not 32 bytes of base64.
        """
        try:
            key = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise NeedsOperator("The master key is not written in base64; make one with: ml-connector init.") from None
        return cls(key)

    @staticmethod
    def new_text() -> str:
        """Return a new key as base64."""
        return base64.b64encode(os.urandom(KEY_BYTES)).decode("ascii")

    def wrap(self, data_key: bytes, connection_id: int) -> bytes:
        """Seal a data key for one connection."""
        return seal(self._cipher, data_key, f"{connection_id}|data key")

    def unwrap(self, wrapped: bytes, connection_id: int) -> bytes:
        """Open a data key.

        Raises:
            NeedsOperator: the data key was sealed under another master key, or for another connection.
        """
        return unseal(self._cipher, wrapped, f"{connection_id}|data key")

    def __repr__(self) -> str:
        return f"MasterKey({self.key_id})"


def seal(cipher: AESGCM, plain: bytes, place: str) -> bytes:
    """Encrypt; what is sealed opens in this place only."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, place.encode())


def unseal(cipher: AESGCM, sealed: bytes, place: str) -> bytes:
    """Decrypt.

    Raises:
        NeedsOperator: it was sealed under another key or for another place, or was changed.
    """
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
    except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
        raise NeedsOperator(
            "A stored credential does not open: it was changed or moved in the database; set it again with"
            " ml-connector connection set."
        ) from None


def make_key_file(path: Path) -> bool:
    """Write a new master key, unless there is one; return whether it was written."""
    if path.exists() or os.environ.get(ENVIRONMENT):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    write_key(path, MasterKey.new_text())
    return True


def write_key(path: Path, text: str) -> None:
    """Write a key so that it is never readable by others, and never half written."""
    fresh = path.with_suffix(path.suffix + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def key_text(path: Path) -> str:
    """Return the master key as text: from the environment if it is there, else from the file.

    Raises:
        NeedsOperator: there is none.
    """
    text = os.environ.get(ENVIRONMENT, "")
    if text:
        return text
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise NeedsOperator(f"There is no master key at {path}; make one with: ml-connector init.") from None
    except UnicodeDecodeError:
        raise NeedsOperator(
            f"The master key at {path} cannot be read: it is no text. Restore it from your copy."
        ) from None
    except OSError as error:
        raise NeedsOperator(
            f"The master key at {path} cannot be read: {error.strerror or error}. Give the user who runs ml-connector the right"
            " to it, or name another home: --home, or ML_CONNECTOR_HOME."
        ) from None
