"""The vault: a secret opens under its master key and in its own place, and nowhere else."""

from __future__ import annotations

import base64
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from store_builders import T0, a_connection, later

from databases import Database
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.secret import Secret
from ml_connector.store.master_key import MasterKey, key_text, make_key_file, write_key
from ml_connector.store.models import Credential, DataKey
from ml_connector.store.vault import Vault, read_vault, rotate_key_file

pytestmark = pytest.mark.both_databases

CANARY = "canary-words-that-stand-nowhere-else"


def a_key() -> MasterKey:
    return MasterKey.from_text(MasterKey.new_text())


def opened(vault: Vault, connection: str | None = None, name: str = "client-secret") -> str | None:
    row = Credential.objects.select_related("connection").get(
        name=name, **({"connection__name": connection} if connection else {})
    )
    found = vault.open(row.connection, name)
    return found.open() if found else None


@pytest.mark.parametrize("words", ["", "s", "pässwörd 東京", "x" * 100_000, "a\x00b\n"])
def test_a_secret_opens_as_it_was_stored(words: str) -> None:
    vault, connection = Vault(a_key()), a_connection()
    vault.store(connection, "client-secret", Secret(words), T0)
    assert opened(vault) == words


def test_a_secret_that_was_never_stored_is_none() -> None:
    assert Vault(a_key()).open(a_connection(), "client-secret") is None


def test_a_secret_stored_again_replaces_the_earlier_one() -> None:
    vault, connection = Vault(a_key()), a_connection()
    vault.store(connection, "client-secret", Secret("old"), T0)
    vault.store(connection, "client-secret", Secret("new"), later(1))
    assert opened(vault) == "new"
    assert Credential.objects.get().set_at == later(1)


def test_the_same_secret_is_never_sealed_to_the_same_bytes() -> None:
    vault, connection = Vault(a_key()), a_connection()
    for name in ("one", "two", "three"):
        vault.store(connection, name, Secret("same"), T0)
    assert len({bytes(row.sealed) for row in Credential.objects.all()}) == 3


def test_another_process_with_the_same_key_opens_it() -> None:
    text = MasterKey.new_text()
    Vault(MasterKey.from_text(text)).store(a_connection(), "client-secret", Secret("words"), T0)
    assert opened(Vault(MasterKey.from_text(f" {text}\n"))) == "words"


def test_another_master_key_needs_an_operator_and_opens_nothing() -> None:
    key, other = a_key(), a_key()
    Vault(key).store(a_connection(), "client-secret", Secret("words"), T0)
    with pytest.raises(NeedsOperator, match=f"{key.key_id}, which is not the one in use .{other.key_id}"):
        opened(Vault(other))


def test_another_master_key_does_not_replace_a_secret_either() -> None:
    key, connection = a_key(), a_connection()
    Vault(key).store(connection, "client-secret", Secret("words"), T0)
    with pytest.raises(NeedsOperator):
        Vault(a_key()).store(connection, "client-secret", Secret("other"), T0)
    assert opened(Vault(key)) == "words"


def test_a_ciphertext_moved_to_another_name_does_not_open() -> None:
    vault, connection = Vault(a_key()), a_connection()
    vault.store(connection, "client-secret", Secret("words"), T0)
    Credential.objects.update(name="webhook-secret")
    with pytest.raises(NeedsOperator, match="changed or moved"):
        opened(vault, name="webhook-secret")


def test_a_ciphertext_copied_over_that_of_another_name_does_not_open() -> None:
    vault, connection = Vault(a_key()), a_connection()
    vault.store(connection, "client-secret", Secret("one"), T0)
    vault.store(connection, "webhook-secret", Secret("two"), T0)
    Credential.objects.filter(name="webhook-secret").update(sealed=Credential.objects.get(name="client-secret").sealed)
    with pytest.raises(NeedsOperator, match="changed or moved"):
        opened(vault, name="webhook-secret")
    assert opened(vault) == "one"


def test_a_ciphertext_moved_to_another_connection_does_not_open() -> None:
    vault, ours, theirs = Vault(a_key()), a_connection("ours"), a_connection("theirs")
    vault.store(theirs, "other", Secret("so that there is a data key"), T0)
    vault.store(ours, "client-secret", Secret("words"), T0)
    Credential.objects.filter(name="client-secret").update(connection=theirs)
    with pytest.raises(NeedsOperator, match="changed or moved"):
        opened(vault)


def test_a_ciphertext_moved_together_with_its_data_key_does_not_open() -> None:
    vault, ours, theirs = Vault(a_key()), a_connection("ours"), a_connection("theirs")
    vault.store(ours, "client-secret", Secret("words"), T0)
    Credential.objects.update(connection=theirs)
    DataKey.objects.update(connection=theirs)
    with pytest.raises(NeedsOperator, match="changed or moved"):
        opened(vault)


def test_a_ciphertext_does_not_open_elsewhere_even_under_the_same_data_key() -> None:
    key, ours, theirs = a_key(), a_connection("ours"), a_connection("theirs")
    vault = Vault(key)
    vault.store(ours, "client-secret", Secret("words"), T0)
    data_key = key.unwrap(bytes(DataKey.objects.get().wrapped), ours.pk)
    DataKey.objects.create(connection=theirs, master_key_id=key.key_id, wrapped=key.wrap(data_key, theirs.pk))
    Credential.objects.update(connection=theirs)
    with pytest.raises(NeedsOperator, match="changed or moved"):
        opened(vault)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sealed: b"",
        lambda sealed: sealed[:8],
        lambda sealed: sealed[:-1],
        lambda sealed: sealed + b"\0",
        lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
        lambda sealed: bytes([sealed[0] ^ 1]) + sealed[1:],
    ],
    ids=["emptied", "cut to a stump", "cut by one byte", "lengthened", "last bit turned", "first bit turned"],
)
@pytest.mark.parametrize("rows", [Credential, DataKey])
def test_changed_bytes_need_an_operator(
    spoil: Callable[[bytes], bytes], rows: type[Credential] | type[DataKey]
) -> None:
    vault = Vault(a_key())
    vault.store(a_connection(), "client-secret", Secret("words"), T0)
    column = "sealed" if rows is Credential else "wrapped"
    row = rows.objects.get()
    setattr(row, column, spoil(bytes(getattr(row, column))))
    row.save()
    with pytest.raises(NeedsOperator, match="changed or moved"):
        opened(vault)


def test_rotation_loses_no_secret_and_leaves_the_old_key_useless() -> None:
    old, new = a_key(), a_key()
    vault = Vault(old)
    for place in range(12):
        connection = a_connection(f"c{place}")
        for name in ("client-secret", "webhook-secret"):
            vault.store(connection, name, Secret(f"{name} {place}"), T0)
    sealed = sorted(bytes(row.sealed) for row in Credential.objects.all())
    assert vault.rotate(new) == 12
    for reader in (vault, Vault(new)):
        for place in range(12):
            for name in ("client-secret", "webhook-secret"):
                assert opened(reader, f"c{place}", name) == f"{name} {place}"
    for place in range(12):
        with pytest.raises(NeedsOperator):
            opened(Vault(old), f"c{place}")
    assert sorted(bytes(row.sealed) for row in Credential.objects.all()) == sealed


def test_what_is_stored_after_a_rotation_is_under_the_new_key() -> None:
    old, new = a_key(), a_key()
    vault = Vault(old)
    vault.rotate(new)
    vault.store(a_connection(), "client-secret", Secret("words"), T0)
    assert opened(Vault(new)) == "words"
    assert DataKey.objects.get().master_key_id == new.key_id


def test_a_rotation_that_cannot_seal_everything_seals_nothing() -> None:
    old, new = a_key(), a_key()
    vault = Vault(old)
    for name in ("a", "b", "c"):
        vault.store(a_connection(name), "client-secret", Secret(name), T0)
    DataKey.objects.filter(connection__name="c").update(wrapped=b"spoilt")
    with pytest.raises(NeedsOperator):
        vault.rotate(new)
    assert set(DataKey.objects.values_list("master_key_id", flat=True)) == {old.key_id}
    assert (opened(vault, "a"), opened(Vault(old), "b")) == ("a", "b")


def test_an_earlier_key_still_opens_what_was_sealed_under_it() -> None:
    old, new = a_key(), a_key()
    Vault(old).store(a_connection(), "client-secret", Secret("words"), T0)
    both = Vault(new, [old])
    assert opened(both) == "words"
    both.rotate(new)
    assert opened(Vault(new)) == "words"


def test_no_secret_stands_in_the_database(database: Database) -> None:
    text = MasterKey.new_text()
    vault = Vault(MasterKey.from_text(text))
    connection = a_connection("a-name-that-does-stand-there")
    for name in ("client-secret", "webhook-secret"):
        vault.store(connection, name, Secret(CANARY), T0)
    vault.rotate(MasterKey.from_text(MasterKey.new_text()))
    everything = database.bytes_on_disk()
    assert b"a-name-that-does-stand-there" in everything
    forms = [CANARY.encode(), CANARY.encode("utf-16-le"), CANARY.encode().hex().encode(), CANARY[::-1].encode()]
    # In base64 a text looks different at each of three places; the middle of it does not depend on its surroundings.
    forms += [base64.b64encode(b"x" * n + CANARY.encode())[4:-4] for n in range(3)]
    forms += [text.encode(), base64.b64decode(text)]
    assert not [form for form in forms if form in everything]


@pytest.mark.parametrize("text", ["", "short", "not base64 at all!", base64.b64encode(b"x" * 31).decode(), "ü" * 44])
def test_a_master_key_that_is_none_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(NeedsOperator, match=r"^The master key .*\.$") as caught:
        MasterKey.from_text(text)
    assert not text or text not in str(caught.value)


def test_a_master_key_shows_its_id_alone() -> None:
    text = MasterKey.new_text()
    key = MasterKey.from_text(text)
    assert repr(key) == str(key) == f"MasterKey({key.key_id})"
    assert key.key_id not in text
    assert key.key_id == MasterKey.from_text(text).key_id != a_key().key_id


def test_a_key_file_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "home" / "master.key"
    assert make_key_file(path)
    first = key_text(path)
    assert not make_key_file(path)
    assert key_text(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["master.key"]


def test_a_missing_or_unreadable_key_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NeedsOperator, match="There is no master key at"):
        read_vault(tmp_path / "master.key")
    (tmp_path / "master.key").write_bytes(b"\xff\xfe")
    with pytest.raises(NeedsOperator, match="cannot be read"):
        read_vault(tmp_path / "master.key")


def test_rotating_the_key_file_leaves_one_key_that_opens_everything(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    make_key_file(path)
    before = path.read_text()
    vault = read_vault(path)
    vault.store(a_connection(), "client-secret", Secret("words"), T0)
    count, key_id = rotate_key_file(vault, path)
    assert count == 1
    assert [file.name for file in tmp_path.iterdir()] == ["master.key"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() != before
    assert MasterKey.from_text(key_text(path)).key_id == key_id
    assert opened(read_vault(path)) == "words"


def test_a_vault_that_was_read_before_a_rotation_opens_and_stores_after_it(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    make_key_file(path)
    running = read_vault(path)
    running.store(a_connection("first"), "client-secret", Secret("words"), T0)
    rotate_key_file(read_vault(path), path)
    assert opened(running, "first") == "words"
    rotate_key_file(read_vault(path), path)
    running.store(a_connection("second"), "client-secret", Secret("later words"), T0)
    assert opened(read_vault(path), "second") == "later words"
    assert opened(running, "first") == "words"


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_rotation_that_fails_again_and_again_loses_no_key(tmp_path: Path, times: int) -> None:
    path = tmp_path / "master.key"
    make_key_file(path)
    read_vault(path).store(a_connection("good"), "client-secret", Secret("words"), T0)
    read_vault(path).store(a_connection("bad"), "client-secret", Secret("lost"), T0)
    whole = bytes(DataKey.objects.get(connection__name="bad").wrapped)
    DataKey.objects.filter(connection__name="bad").update(wrapped=b"spoilt")
    for _ in range(times):
        with pytest.raises(NeedsOperator):
            rotate_key_file(read_vault(path), path)
        assert opened(read_vault(path), "good") == "words"
    DataKey.objects.filter(connection__name="bad").update(wrapped=whole)
    assert rotate_key_file(read_vault(path), path)[0] == 2
    assert [file.name for file in tmp_path.iterdir()] == ["master.key"]
    assert (opened(read_vault(path), "good"), opened(read_vault(path), "bad")) == ("words", "lost")


@pytest.mark.parametrize("steps", range(4))
def test_a_rotation_that_died_between_two_steps_is_carried_on(tmp_path: Path, steps: int) -> None:
    path = tmp_path / "master.key"
    coming, kept = tmp_path / "master.key.coming", tmp_path / "master.key.earlier"
    make_key_file(path)
    read_vault(path).store(a_connection(), "client-secret", Secret("words"), T0)
    old, new = key_text(path).strip(), MasterKey.new_text()
    done: list[Callable[[], object]] = [
        lambda: write_key(coming, new),
        lambda: write_key(kept, old),
        lambda: coming.replace(path),
        lambda: Vault(MasterKey.from_text(old)).rotate(MasterKey.from_text(new)),
    ]
    for step in done[: steps + 1]:
        step()
    assert opened(read_vault(path)) == "words"
    rotate_key_file(read_vault(path), path)
    assert opened(read_vault(path)) == "words"
    assert [file.name for file in tmp_path.iterdir()] == ["master.key"]
