"""Rows of alerts: what holds, who wants to be told of what, what was told, and the messages on their way."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ml_connector.core.alerts import AlertKind, Cadence, Channel


class AlertMatter(models.Model):
    """One thing that holds, or held."""

    #: null: it is about the installation
    connection = models.ForeignKey("store.Connection", null=True, on_delete=models.CASCADE)
    kind = models.CharField(max_length=10, choices=[(k.value, k.name) for k in AlertKind])
    key = models.CharField(max_length=60)
    words = models.CharField(max_length=200)
    says = models.CharField(max_length=1000)
    do = models.CharField(max_length=500, blank=True)
    path = models.CharField(max_length=200)  #: below the console's beginning
    count = models.IntegerField(default=0)
    sums = models.JSONField(default=list)  #: currency and amount, as text
    since = models.DateTimeField(null=True)  #: its oldest document came in
    began_at = models.DateTimeField()  #: first seen
    gone_at = models.DateTimeField(null=True)  #: not seen any more since; null: it holds
    over_at = models.DateTimeField(null=True)  #: it was gone for long enough to be over

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind", "key"], condition=Q(over_at=None), name="alert_matter_open"
            ),
            models.UniqueConstraint(
                fields=["kind", "key"], condition=Q(over_at=None, connection=None), name="alert_matter_open_of_all"
            ),
        ]
        indexes = [models.Index(fields=["over_at"], name="alert_matter_over")]


class AlertRule(models.Model):
    """What one person is told of, how and how often."""

    user = models.ForeignKey("store.User", on_delete=models.CASCADE, related_name="alert_rules")
    name = models.CharField(max_length=60)
    channel = models.CharField(max_length=8, choices=[(c.value, c.name) for c in Channel])
    address = models.CharField(max_length=500, blank=True)  #: of a webhook or chat room; empty: the person's e-mail
    connection = models.ForeignKey("store.Connection", null=True, on_delete=models.CASCADE)  #: null: all of them
    kinds = models.JSONField(default=list)
    least_amount = models.BigIntegerField(default=0)
    least_hours = models.IntegerField(default=0)
    remind_hours = models.IntegerField(default=24)
    tells_end = models.BooleanField(default=True)
    cadence = models.CharField(max_length=8, choices=[(c.value, c.name) for c in Cadence])
    daily_at = models.CharField(max_length=5, default="07:30")
    quiet_hours = models.CharField(max_length=11, blank=True)
    is_on = models.BooleanField(default=True)
    next_at = models.DateTimeField()  #: it may speak from then on
    spoke_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="alert_rule_name")]


class AlertTold(models.Model):
    """A rule spoke of a matter."""

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="told", db_index=False)
    matter = models.ForeignKey(AlertMatter, on_delete=models.CASCADE, related_name="told")
    at = models.DateTimeField()  #: last
    count = models.IntegerField()  #: the matter's count then

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "matter"], name="alert_told_once")]


class AlertMessage(models.Model):
    """One message, complete; kept when it was sent, so that a person can see what was told."""

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "waiting"
        SENT = "sent"
        GIVEN_UP = "given up"

    rule = models.ForeignKey(AlertRule, null=True, on_delete=models.SET_NULL, related_name="messages")
    user = models.ForeignKey("store.User", on_delete=models.CASCADE, related_name="alert_messages")
    channel = models.CharField(max_length=8, choices=[(c.value, c.name) for c in Channel])
    address = models.CharField(max_length=500)  #: where it goes
    subject = models.CharField(max_length=200)
    text = models.TextField()
    body = models.JSONField()  #: what a webhook is sent, but for its number
    made_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField(null=True)  #: when it is next tried; null: not any more
    tries = models.IntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=500, blank=True)  #: why it was not taken

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="alert_message_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["user", "id"], name="alert_message_user"),
        ]


class AlertRound(models.Model):
    """When the installation itself was last looked at; one row."""

    looked_at = models.DateTimeField()
