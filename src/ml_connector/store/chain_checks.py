"""Rows of checks of the audit chain that are done piece by piece, so that nobody waits for a page."""

from __future__ import annotations

from django.db import models


class ChainCheck(models.Model):
    """One walk along the chain of one connection, from its first entry to the last there was when it began."""

    connection = models.ForeignKey("store.Connection", on_delete=models.CASCADE, db_index=False)
    begun_at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    upto = models.BigIntegerField()  #: the last entry when it began
    head = models.CharField(max_length=64)  #: hash of it, as the connection's row held it
    checked = models.BigIntegerField(default=0)  #: the last entry that was looked at
    hash = models.CharField(max_length=64, default="0" * 64)  #: of that entry
    breaks = models.JSONField(default=list)  #: sentences, the first ones
    broken = models.BigIntegerField(default=0)  #: how many there are
    ended_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "store"
        indexes = [models.Index(fields=["connection", "id"], name="chain_check_latest")]
