"""The credential vault: envelope encryption, one data key per connection, every ciphertext bound to its place.

A secret is sealed with AES-256-GCM under its connection's data key; connection and name are the associated data, so a
ciphertext moved to another row or field does not open. The data key is sealed under the master key, which lives outside
the database. Rotation seals the data keys anew; the secrets themselves are not touched.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import transaction

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.secret import Secret
from ml_connector.store.master_key import EARLIER, KEY_BYTES, MasterKey, key_text, seal, unseal, write_key
from ml_connector.store.models import Connection, Credential, DataKey
from ml_connector.store.rows import Question

_INSTALLATION = 0  # stands for the number of a connection where a secret belongs to none

_SEALED = Question(Credential, "WHERE name = %s AND connection_id = %s")
_SEALED_OF_ALL = Question(Credential, "WHERE name = %s AND connection_id IS NULL")
_KEY = Question(DataKey, "WHERE connection_id = %s")
_KEY_OF_ALL = Question(DataKey, "WHERE connection_id IS NULL ORDER BY id")


def _sealed(connection: Connection | None, name: str) -> Credential | None:
    return _SEALED.row(name, connection.pk) if connection else _SEALED_OF_ALL.row(name)


def kept_since(connection: Connection | None, name: str) -> datetime | None:
    """Return when a secret was stored; None if there is none under this name."""
    row = _sealed(connection, name)
    return None if row is None else row.set_at


class Vault:
    """Keeps and opens the secrets of all connections, and of the installation and its people, which have none.

    `master` is the key in use; `earlier` ones only open.

    `read_anew` returns the keys as they are now. It is asked when a key is missing, so that the keys can be changed by
    another process while this one runs.
    """

    def __init__(
        self,
        master: MasterKey,
        earlier: Sequence[MasterKey] = (),
        read_anew: Callable[[], tuple[MasterKey, Sequence[MasterKey]]] | None = None,
    ) -> None:
        self._read_anew = read_anew
        self._take(master, earlier)

    def _take(self, master: MasterKey, earlier: Sequence[MasterKey]) -> None:
        self._master = master
        self._keys = {key.key_id: key for key in (*earlier, master)}

    @property
    def key_id(self) -> str:
        """The name of the key in use, which tells nothing about the key."""
        return self._master.key_id

    def store(self, connection: Connection | None, name: str, secret: Secret, now: datetime) -> None:
        """Keep a secret under a name, replacing an earlier one."""
        with transaction.atomic():
            cipher = AESGCM(self._data_key(connection))
            sealed = seal(cipher, secret.open().encode(), _place(connection, name))
            Credential.objects.update_or_create(
                connection=connection, name=name, defaults={"sealed": sealed, "set_at": now}
            )

    def open(self, connection: Connection | None, name: str) -> Secret | None:
        """Return a secret, or None if there is none under this name.

        Raises:
            NeedsOperator: the master key is not the one it was sealed under, or the row was tampered with.
        """
        row = _sealed(connection, name)
        if row is None:
            return None
        cipher = AESGCM(self._data_key(connection))
        return Secret(unseal(cipher, bytes(row.sealed), _place(connection, name)).decode())

    def forget(self, connection: Connection | None, name: str) -> None:
        """Keep a secret no longer."""
        Credential.objects.filter(connection=connection, name=name).delete()

    def rotate(self, new_master: MasterKey) -> int:
        """Seal every data key under a new master key; return how many. All or none."""
        with transaction.atomic():
            rows = list(DataKey.objects.select_for_update())
            for row in rows:
                data_key = self._key_of(row).unwrap(bytes(row.wrapped), row.connection_id or _INSTALLATION)
                row.wrapped = new_master.wrap(data_key, row.connection_id or _INSTALLATION)
                row.master_key_id = new_master.key_id
                row.save(update_fields=["wrapped", "master_key_id"])
        self._master = new_master
        self._keys[new_master.key_id] = new_master
        return len(rows)

    def _data_key(self, connection: Connection | None) -> bytes:
        row = _KEY.row(connection.pk) if connection else _KEY_OF_ALL.row()
        if row is not None:
            return self._key_of(row).unwrap(bytes(row.wrapped), _number(connection))
        self._refresh()
        data_key = os.urandom(KEY_BYTES)
        DataKey.objects.create(
            connection=connection,
            master_key_id=self._master.key_id,
            wrapped=self._master.wrap(data_key, _number(connection)),
        )
        return data_key

    def _key_of(self, row: DataKey) -> MasterKey:
        key = self._keys.get(row.master_key_id)
        if key is None:
            self._refresh()
            key = self._keys.get(row.master_key_id)
        if key is None:
            raise NeedsOperator(
                f"The credentials were sealed under master key {row.master_key_id}, which is not the one in use"
                f" ({self._master.key_id}); put the right key file back, or give it as the earlier key."
            )
        return key

    def _refresh(self) -> None:
        if self._read_anew is not None:
            self._take(*self._read_anew())


def _place(connection: Connection | None, name: str) -> str:
    return f"{_number(connection)}|credential|{name}"


def _number(connection: Connection | None) -> int:
    return connection.pk if connection else _INSTALLATION


def read_vault(path: Path) -> Vault:
    """Return the vault under the key in use; an earlier key, if one is named in the environment, still opens.

    Raises:
        NeedsOperator: there is no usable key.
    """
    return Vault(*_read_keys(path), read_anew=lambda: _read_keys(path))


def _read_keys(path: Path) -> tuple[MasterKey, Sequence[MasterKey]]:
    earlier = os.environ.get(EARLIER, "")
    kept = path.with_suffix(path.suffix + ".earlier")
    try:
        texts = [earlier] if earlier else [kept.read_text(encoding="ascii")]
    except FileNotFoundError:  # as it should be: no rotation is under way
        texts = []
    return MasterKey.from_text(key_text(path)), [MasterKey.from_text(text) for text in texts]


def rotate_key_file(vault: Vault, path: Path) -> tuple[int, str]:
    """Seal every data key under a new master key; return how many, and the new key's id.

    The new key is on disk before anything is sealed under it, and the old one is removed only afterwards: whenever the
    process dies, the key that opens the credentials is still there.
    """
    text = MasterKey.new_text()
    coming, kept = path.with_suffix(path.suffix + ".coming"), path.with_suffix(path.suffix + ".earlier")
    if kept.exists():
        # An earlier rotation did not come to its end. Until it has, the kept key may be the only one that opens.
        vault.rotate(MasterKey.from_text(key_text(path)))
        kept.unlink()
    write_key(coming, text)
    write_key(kept, key_text(path).strip())
    key = MasterKey.from_text(text)
    coming.replace(path)
    count = vault.rotate(key)
    kept.unlink()
    return count, key.key_id
