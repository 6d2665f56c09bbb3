"""Rows about the mapping: which codes hold documents up, and what people changed, proposed and took back."""

from __future__ import annotations

from django.db import models

from ml_connector.core.books import ListKind

_KINDS = [(k.value, k.name) for k in ListKind]


class MissingCode(models.Model):
    """A code that holds one document up, because nothing in QuickBooks answers to it. Written with the document's faults."""

    connection = models.ForeignKey("store.Connection", on_delete=models.CASCADE, db_index=False)
    document = models.ForeignKey("store.Document", on_delete=models.CASCADE, db_index=False, related_name="missing")
    kind = models.CharField(max_length=10, choices=_KINDS)
    code = models.CharField(max_length=250)
    name = models.CharField(max_length=250, blank=True)  #: what Basware calls it, where it says so
    only = models.BooleanField()  #: nothing else holds the document up
    currency = models.CharField(max_length=3, blank=True)  #: of the document
    gross_cents = models.BigIntegerField(default=0)  #: of the document

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "kind", "code"], name="missing_code_once")]
        indexes = [
            # Effects of a mapping are added up from this index alone.
            models.Index(
                fields=["connection", "kind", "code", "only", "currency", "gross_cents", "document"],
                name="missing_code_effect",
            )
        ]


class MappingChange(models.Model):
    """One change of one mapping: made, or proposed and waiting for a second person. Never deleted."""

    class Stage(models.TextChoices):
        """What became of it."""

        MADE = "made"
        PROPOSED = "proposed"
        REFUSED = "refused"

    connection = models.ForeignKey("store.Connection", on_delete=models.CASCADE, db_index=False)
    version = models.BigIntegerField(default=0)  #: the connection's mapping_version that it made; 0: not made
    kind = models.CharField(max_length=10, choices=_KINDS)
    code = models.CharField(max_length=250)
    before = models.CharField(max_length=36, null=True)  #: ListID; empty: left out; null: not mapped
    after = models.CharField(max_length=36, null=True)  #: likewise
    before_name = models.CharField(max_length=209, blank=True)
    after_name = models.CharField(max_length=209, blank=True)
    how = models.CharField(max_length=60)  #: set, removed, from a file, or taken back
    stage = models.CharField(max_length=8, choices=Stage.choices)
    wanted_by = models.CharField(max_length=80)
    wanted_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, blank=True)  #: who approved or refused a proposal
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["connection", "version", "id"], name="mapping_change_version"),
            models.Index(fields=["connection", "id"], name="mapping_proposed", condition=models.Q(stage="proposed")),
        ]
