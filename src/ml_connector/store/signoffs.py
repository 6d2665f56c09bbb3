"""Rows of the month's close: what a person signed, as it stood then."""

from __future__ import annotations

from django.db import models


class SignOff(models.Model):
    """One month of one connection, signed by a person. Never changed, never deleted; a later one stands above it."""

    connection = models.ForeignKey("store.Connection", on_delete=models.PROTECT, db_index=False)
    period = models.CharField(max_length=7)  #: as 2026-03
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    remark = models.CharField(max_length=500, blank=True)  #: the person's words, above all on a difference
    figures = models.JSONField()  #: flows.reconciliation: every sum by vendor and currency, frozen
    digest = models.CharField(max_length=64)  #: SHA-256 of the figures; the audit trail holds it too

    class Meta:
        app_label = "store"
        indexes = [models.Index(fields=["connection", "period", "id"], name="sign_off_period")]
