"""Rows about QuickBooks' lists: the entries, what happened to each, the batches sent to Basware, and each list as a whole."""

from __future__ import annotations

from django.db import models
from django.db.models import Case, Q, Value, When

from ml_connector.core.books import ListKind
from ml_connector.core.entry_standing import EntryStanding

_KINDS = [(k.value, k.name) for k in ListKind]


class ListEntry(models.Model):
    """One entry of a QuickBooks list as last read, and how far Basware knows it."""

    class Publication(models.TextChoices):
        """How far Basware knows it."""

        DUE = "due"
        SENT = "sent"
        ACCEPTED = "accepted"
        REFUSED = "refused"

    connection = models.ForeignKey("store.Connection", on_delete=models.CASCADE, db_index=False)
    kind = models.CharField(max_length=10, choices=_KINDS)
    list_id = models.CharField(max_length=36)
    code = models.CharField(max_length=36)  #: what Basware knows it by; never changes once given
    full_name = models.CharField(max_length=209)
    active = models.BooleanField(default=True)
    deleted = models.BooleanField(default=False)  #: QuickBooks no longer has it, or merged it into another
    merged_into = models.CharField(
        max_length=36, blank=True
    )  #: ListID of the entry it is part of now; empty: not known
    followed = models.BooleanField(default=False)  #: since it is gone, the Bills that pointed to it were looked at
    account_type = models.CharField(max_length=30, blank=True)
    currency = models.CharField(max_length=64, blank=True)  #: ISO code; empty means home currency
    edit_sequence = models.CharField(max_length=16)
    record = models.JSONField()  #: core.records.ListRecord
    publication = models.CharField(max_length=10, choices=Publication.choices, default=Publication.DUE)
    published_digest = models.CharField(max_length=64, blank=True)  #: of the body Basware was last sent
    touch = models.IntegerField(default=0)  #: counts harmless changes made so that Basware does not drop a re-send
    import_request = models.ForeignKey("ImportRequest", null=True, on_delete=models.SET_NULL, related_name="entries")
    complaint = models.CharField(max_length=500, blank=True)  #: Basware's words
    ever_accepted = models.BooleanField(default=False)  #: P2P has it, if only as it was some time ago
    sends = models.IntegerField(default=0)  #: sends without acceptance in a row
    first_read_at = models.DateTimeField(null=True)  #: when it was first read from QuickBooks
    stands_since = models.DateTimeField(
        null=True
    )  #: when it last changed how it stands, by a reading, a send or an answer
    standing = models.GeneratedField(
        expression=Case(
            When(publication="refused", then=Value(EntryStanding.REFUSED.value)),
            When(publication="due", ever_accepted=False, then=Value(EntryStanding.NEW.value)),
            When(publication="due", then=Value(EntryStanding.CHANGED.value)),
            When(publication="sent", then=Value(EntryStanding.SENT.value)),
            When(~Q(merged_into=""), then=Value(EntryStanding.MERGED.value)),
            When(deleted=True, then=Value(EntryStanding.DELETED.value)),
            When(active=False, then=Value(EntryStanding.INACTIVE.value)),
            default=Value(EntryStanding.EQUAL.value),
        ),
        output_field=models.CharField(max_length=10),
        db_persist=True,
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "kind", "list_id"], name="list_entry_id")]
        indexes = [
            models.Index(fields=["connection", "kind", "code"], name="list_entry_code"),
            # At rest nothing is due, so that this one is empty.
            models.Index(fields=["connection", "kind", "id"], name="list_entry_due", condition=Q(publication="due")),
            models.Index(fields=["connection", "kind", "standing", "full_name", "id"], name="list_entry_page"),
        ]


class EntryEvent(models.Model):
    """One thing that happened to an entry since it was first read. Goes with the entry."""

    class Event(models.TextChoices):
        """What happened."""

        CHANGED = "changed"  # in QuickBooks
        BACK = "back"  # in QuickBooks again, after it was gone
        GONE = "gone"  # from QuickBooks
        MERGED = "merged"
        ACCEPTED = "accepted"
        REFUSED = "refused"
        AGAIN = "again"  # Basware's answer was no verdict, so it is sent again by itself
        WANTED = "wanted"  # a person wants it sent again

    entry = models.ForeignKey(ListEntry, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    event = models.CharField(max_length=10, choices=Event.choices)
    actor = models.CharField(max_length=80, blank=True)  #: the person who wanted it; empty: it came by itself
    words = models.CharField(max_length=500, blank=True)  #: what changed, or Basware's own words
    #: the batch in which it was sent, and what Basware said of it
    sent = models.ForeignKey("store.Exchange", null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    said = models.ForeignKey("store.Exchange", null=True, on_delete=models.PROTECT, db_index=False, related_name="+")


class ImportRequest(models.Model):
    """A batch of records sent to Basware, whose verdict comes later."""

    connection = models.ForeignKey("store.Connection", on_delete=models.CASCADE)
    kind = models.CharField(max_length=10)
    request_id = models.CharField(max_length=80)
    #: what was sent
    exchange = models.ForeignKey(
        "store.Exchange", null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    sent_at = models.DateTimeField()
    next_check_at = models.DateTimeField(null=True)  #: null: settled
    checks = models.IntegerField(default=0)
    outcome = models.CharField(max_length=20, blank=True)

    class Meta:
        indexes = [models.Index(fields=["connection", "next_check_at"], name="import_request_due")]


class ListProgress(models.Model):
    """One list as a whole: when it was last read from QuickBooks and sent to Basware, and what went wrong."""

    connection = models.ForeignKey("store.Connection", on_delete=models.CASCADE, db_index=False)
    kind = models.CharField(max_length=10, choices=_KINDS)
    read_at = models.DateTimeField(null=True)  #: a reading of it came to its end
    read_problem = models.CharField(max_length=500, blank=True)  #: why the latest reading did not; empty if it did
    sent_at = models.DateTimeField(null=True)  #: Basware took in a batch of it
    whole_at = models.DateTimeField(null=True)  #: it was last read from its first to its last entry
    whole_seen = models.IntegerField(default=0)  #: entries QuickBooks had then
    whole_kept = models.IntegerField(default=0)  #: entries known here then, without those that are gone from QuickBooks

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "kind"], name="list_progress_kind")]
