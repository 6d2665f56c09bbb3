"""Rows of what was tried before anything is written: whether Basware lets us, and what would become of each invoice."""

from __future__ import annotations

from django.db import models


class HealthCheck(models.Model):
    """The latest check of Basware, step by step. A new one replaces it."""

    connection = models.OneToOneField("store.Connection", on_delete=models.CASCADE, related_name="health_check")
    at = models.DateTimeField()
    steps = models.JSONField(default=list)  #: flows.health.Step as dictionaries, in order, as far as they were made


class Trial(models.Model):
    """What would become of one invoice if the connection were live. Nothing acts on it, and going live deletes it."""

    class Verdict(models.TextChoices):
        """What would happen."""

        UNLOOKED = "unlooked"  #: it would be posted, unless QuickBooks has it; that is still to be asked
        POST = "post"
        LINK = "link"  #: QuickBooks has it already
        HELD = "held"

    document = models.OneToOneField("store.Document", primary_key=True, on_delete=models.CASCADE, related_name="trial")
    connection = models.ForeignKey("store.Connection", on_delete=models.CASCADE, db_index=False)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    basis = models.CharField(max_length=60)  #: lists, mapping and qbXML version it rests on
    raw_sha256 = models.CharField(max_length=64)  #: of the invoice it was made of
    currency = models.CharField(max_length=3, blank=True)
    gross_cents = models.BigIntegerField(default=0)
    kind = models.CharField(max_length=12, blank=True)  #: Bill or VendorCredit
    vendor_list_id = models.CharField(max_length=36, blank=True)
    ref_number = models.CharField(max_length=20, blank=True)
    txn_date = models.CharField(max_length=10, blank=True)
    request_xml = models.TextField(blank=True)  #: what would be sent
    txn_id = models.CharField(max_length=36, blank=True)  #: what it would be linked to
    faults = models.JSONField(default=list)  #: why it is held

    class Meta:
        indexes = [
            models.Index(fields=["connection", "verdict", "document"], name="trial_verdict"),
            models.Index(fields=["connection", "verdict", "currency", "gross_cents"], name="trial_sums"),
            models.Index(fields=["connection", "ref_number"], name="trial_ref_number"),
        ]
