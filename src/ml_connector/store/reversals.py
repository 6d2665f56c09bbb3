"""Rows of payments that were taken back: QuickBooks no longer holds them, and the books must still tell of them."""

from __future__ import annotations

from django.db import models


class Reversal(models.Model):
    """One payment's share in a Bill of ours that was voided, deleted, or moved to another Bill."""

    connection = models.ForeignKey("store.Connection", on_delete=models.CASCADE)
    document = models.ForeignKey("store.Document", on_delete=models.PROTECT, related_name="reversals")
    payment_txn_id = models.CharField(max_length=36)
    kind = models.CharField(max_length=24)
    paid_on = models.CharField(max_length=10)
    ref_number = models.CharField(max_length=11, blank=True)
    amount_cents = models.BigIntegerField()
    discount_cents = models.BigIntegerField()
    told = models.BooleanField()  #: Basware had been told of it
    noticed_at = models.DateTimeField()

    class Meta:
        app_label = "store"
