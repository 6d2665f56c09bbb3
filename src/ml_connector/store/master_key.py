"""The master key's file: made once, readable by its owner only, read from a file or the environment."""

from __future__ import annotations

import os
from pathlib import Path

from ml_connector.core.errors import NeedsOperator
from ml_connector.store.vault import MasterKey, Vault

ENVIRONMENT = "ML_CONNECTOR_MASTER_KEY"
EARLIER = "ML_CONNECTOR_EARLIER_MASTER_KEY"


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
    except (OSError, UnicodeDecodeError) as error:
        raise NeedsOperator(f"The master key at {path} cannot be read: {error}.") from None


def read_vault(path: Path) -> Vault:
    """Return the vault under the key in use; an earlier key, if one is named in the environment, still opens.

    Raises:
        NeedsOperator: there is no usable key.
    """
    earlier = os.environ.get(EARLIER, "")
    kept = path.with_suffix(path.suffix + ".earlier")
    texts = [earlier] if earlier else [kept.read_text(encoding="ascii")] if kept.exists() else []
    return Vault(MasterKey.from_text(key_text(path)), [MasterKey.from_text(text) for text in texts])


def rotate_key_file(vault: Vault, path: Path) -> tuple[int, str]:
    """Seal every data key under a new master key; return how many, and the new key's id.

    The new key is on disk before anything is sealed under it, and the old one is removed only afterwards: whenever the
    process dies, the key that opens the credentials is still there.
    """
    text = MasterKey.new_text()
    coming, kept = path.with_suffix(path.suffix + ".coming"), path.with_suffix(path.suffix + ".earlier")
    write_key(coming, text)
    write_key(kept, key_text(path).strip())
    key = MasterKey.from_text(text)
    coming.replace(path)
    count = vault.rotate(key)
    kept.unlink()
    return count, key.key_id
