"""Rows of what keeps an installation safe: backups that were taken."""

from __future__ import annotations

from django.db import models


class Backup(models.Model):
    """A backup of the database that was taken, or that somebody noted."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    place = models.CharField(max_length=500)  #: where it is, in the words of whoever took it
    size_bytes = models.BigIntegerField(null=True)  #: null: another program took it
