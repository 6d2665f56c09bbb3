"""Rows of replays: what was to be done to many documents at once, who wanted it, and what became of it."""

from __future__ import annotations

from django.db import models


class Replay(models.Model):
    """One act on many documents: planned without writing, then run, or not."""

    class Stage(models.TextChoices):
        """How far it came."""

        PLANNED = "planned"
        ASKED = "asked"  #: a second person must approve it
        REFUSED = "refused"
        RUNNING = "running"
        DONE = "done"

    act = models.CharField(max_length=12)  #: retry, skip, give-up, assign or note
    asked = models.JSONField()  #: how its documents were chosen: flows.replay.Choice
    stage = models.CharField(max_length=8, choices=Stage.choices, default=Stage.PLANNED)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)
    more = models.BooleanField(default=False)  #: more documents were chosen than one plan holds
    lines = models.JSONField()  #: the plan: flows.replay.Line as lists, by connection, the oldest first
    words = models.CharField(max_length=1000, blank=True)  #: reason, note, or the person
    wanted_by = models.CharField(max_length=80, blank=True)  #: who confirmed it
    decided_by = models.CharField(max_length=80, blank=True)  #: who approved or refused it
    decided_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    worked = models.IntegerField(default=0)  #: lines that were looked at while it ran
    left_out = models.JSONField(default=list)  #: documents that had moved on meanwhile, and why: number and sentence

    class Meta:
        indexes = [models.Index(fields=["stage", "made_at"], name="replay_stage")]
