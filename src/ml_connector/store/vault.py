"""The credential vault: envelope encryption, one data key per connection, every ciphertext bound to its place.

A secret is sealed with AES-256-GCM under its connection's data key; connection and name are the associated data, so a
ciphertext moved to another row or field does not open. The data key is sealed under the master key, which lives outside
the database. Rotation seals the data keys anew; the secrets themselves are not touched.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import transaction

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.secret import Secret
from ml_connector.store.models import Connection, Credential, DataKey

_NONCE_BYTES = 12
_KEY_BYTES = 32


class MasterKey:
    """The key that is not in the database. Printed, it shows only its id."""

    __slots__ = ("_cipher", "key_id")

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
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
        return base64.b64encode(os.urandom(_KEY_BYTES)).decode("ascii")

    def wrap(self, data_key: bytes, connection_id: int) -> bytes:
        """Seal a data key for one connection."""
        return _seal(self._cipher, data_key, f"{connection_id}|data key")

    def unwrap(self, wrapped: bytes, connection_id: int) -> bytes:
        """Open a data key.

        Raises:
            NeedsOperator: the data key was sealed under another master key, or for another connection.
        """
        return _unseal(self._cipher, wrapped, f"{connection_id}|data key")

    def __repr__(self) -> str:
        return f"MasterKey({self.key_id})"


class Vault:
    """Keeps and opens the secrets of all connections. `master` is the key in use; `earlier` ones only open."""

    def __init__(self, master: MasterKey, earlier: Sequence[MasterKey] = ()) -> None:
        self._master = master
        self._keys = {key.key_id: key for key in (*earlier, master)}

    def store(self, connection: Connection, name: str, secret: Secret, now: datetime) -> None:
        """Keep a secret under a name, replacing an earlier one."""
        with transaction.atomic():
            cipher = AESGCM(self._data_key(connection))
            sealed = _seal(cipher, secret.open().encode(), _place(connection, name))
            Credential.objects.update_or_create(
                connection=connection, name=name, defaults={"sealed": sealed, "set_at": now}
            )

    def open(self, connection: Connection, name: str) -> Secret | None:
        """Return a secret, or None if there is none under this name.

        Raises:
            NeedsOperator: the master key is not the one it was sealed under, or the row was tampered with.
        """
        row = Credential.objects.filter(connection=connection, name=name).first()
        if row is None:
            return None
        cipher = AESGCM(self._data_key(connection))
        return Secret(_unseal(cipher, bytes(row.sealed), _place(connection, name)).decode())

    def rotate(self, new_master: MasterKey) -> int:
        """Seal every data key under a new master key; return how many. All or none."""
        with transaction.atomic():
            rows = list(DataKey.objects.select_for_update().select_related("connection"))
            for row in rows:
                data_key = self._key_of(row).unwrap(bytes(row.wrapped), row.connection_id)
                row.wrapped = new_master.wrap(data_key, row.connection_id)
                row.master_key_id = new_master.key_id
                row.save(update_fields=["wrapped", "master_key_id"])
        self._master = new_master
        self._keys[new_master.key_id] = new_master
        return len(rows)

    def _data_key(self, connection: Connection) -> bytes:
        row = DataKey.objects.filter(connection=connection).first()
        if row is not None:
            return self._key_of(row).unwrap(bytes(row.wrapped), connection.pk)
        data_key = os.urandom(_KEY_BYTES)
        DataKey.objects.create(
            connection=connection,
            master_key_id=self._master.key_id,
            wrapped=self._master.wrap(data_key, connection.pk),
        )
        return data_key

    def _key_of(self, row: DataKey) -> MasterKey:
        key = self._keys.get(row.master_key_id)
        if key is None:
            raise NeedsOperator(
                f"The credentials were sealed under master key {row.master_key_id}, which is not the one in use"
                f" ({self._master.key_id}); put the right key file back, or give it as the earlier key."
            )
        return key


def _place(connection: Connection, name: str) -> str:
    return f"{connection.pk}|credential|{name}"


def _seal(cipher: AESGCM, plain: bytes, place: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, place.encode())


def _unseal(cipher: AESGCM, sealed: bytes, place: str) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
    except InvalidTag:
        raise NeedsOperator(
            "A stored credential does not open: it was changed or moved in the database; set it again with"
            " ml-connector connection set."
        ) from None
