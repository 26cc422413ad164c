"""Training runs, model versions, their gates, and the pointer to the one that answers."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.sites.models import Site
from django.db import models
from django.utils.translation import gettext_lazy as _


class RunState(models.TextChoices):
    """Where a training run stands; the row is the truth, tasks only move it."""

    REQUESTED = "requested", _("requested")
    TRAINING = "training", _("training")
    FINISHED = "finished", _("finished")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


ACTIVE_STATES = (RunState.REQUESTED, RunState.TRAINING)


class TrainingRun(models.Model):
    """One training job, from request to verdict.

    At most one run of a site is active: a second request meets the unique constraint and is
    answered with the run under way.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=12, choices=RunState, default=RunState.REQUESTED)
    preset = models.CharField(max_length=16, default="small")
    seed = models.PositiveIntegerField(default=0)
    cpu_seconds = models.PositiveIntegerField(
        default=240, help_text=_("Processor seconds the model may spend learning.")
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    requested_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(
        null=True, blank=True, help_text=_("Until then one process alone moves this run.")
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    step = models.PositiveIntegerField(default=0)
    steps = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True)
    manifest = models.JSONField(
        default=dict, blank=True, help_text=_("Counts and digests of what it learned from.")
    )

    class Meta:
        verbose_name = _("training run")
        verbose_name_plural = _("training runs")
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["site"],
                condition=models.Q(state__in=["requested", "training"]),
                name="attention_one_active_run",
            )
        ]

    def __str__(self) -> str:
        return f"{self.requested_at:%Y-%m-%d %H:%M} {self.get_state_display()}"

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE_STATES


class Lesson(models.Model):
    """What one training run learned from: the link of a model's lineage.

    The arrays are deleted with the run; what is kept beside this row in the model storage are
    keyed marks of its rows and people, see `recommender.training.lineage`. ``parent`` is what the
    model it started from had learned from; a full training has none.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    run = models.OneToOneField(
        TrainingRun, null=True, on_delete=models.SET_NULL, related_name="lesson"
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    cut = models.DateTimeField()
    events_digest = models.CharField(max_length=64)
    consent_digest = models.CharField(max_length=64)
    people = models.PositiveIntegerField()
    kid = models.CharField(max_length=16, help_text=_("Master key its marks were made with."))
    withdrawn_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the first of its people withdrew or was erased.")
    )

    class Meta:
        verbose_name = _("what a model learned from")
        verbose_name_plural = _("what models learned from")
        ordering = ["-cut"]

    def __str__(self) -> str:
        return f"{self.cut:%Y-%m-%d %H:%M}"

    @property
    def folder(self) -> str:
        """Name of its folder inside the model storage."""
        return f"site-{self.site_id}/lesson-{self.pk}"


class VersionState(models.TextChoices):
    """What a model version may do."""

    CANDIDATE = "candidate", _("candidate")
    REFUSED = "refused", _("refused by a gate")
    LIVE = "live", _("live")
    RETIRED = "retired", _("retired")
    WITHDRAWN = "withdrawn", _("taken down")


class ModelVersion(models.Model):
    """One published folder, named by the hash of its contents."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    version = models.CharField(max_length=64)
    run = models.ForeignKey(
        TrainingRun, null=True, on_delete=models.SET_NULL, related_name="versions"
    )
    lesson = models.ForeignKey(Lesson, null=True, on_delete=models.PROTECT, related_name="versions")
    state = models.CharField(max_length=12, choices=VersionState, default=VersionState.CANDIDATE)
    created_at = models.DateTimeField(auto_now_add=True)
    promoted_at = models.DateTimeField(null=True, blank=True)
    cut = models.DateTimeField(help_text=_("No event after this moment was learned from."))
    card = models.JSONField(
        default=dict, help_text=_("Measures, mix weights, cost and digests as the job wrote them.")
    )

    class Meta:
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["site", "version"], name="attention_model_version"),
            models.UniqueConstraint(
                fields=["site"], condition=models.Q(state="live"), name="attention_one_live_model"
            ),
        ]

    def __str__(self) -> str:
        return self.version[:12]

    @property
    def folder(self) -> str:
        """Name of the published folder inside the model storage."""
        return f"site-{self.site_id}/{self.version}"


class GateResult(models.Model):
    """The verdict of one promotion gate on one version."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="gates")
    name = models.CharField(max_length=32)
    value = models.FloatField(null=True)
    limit = models.FloatField(null=True)
    passed = models.BooleanField()
    message = models.TextField()

    class Meta:
        verbose_name = _("gate result")
        verbose_name_plural = _("gate results")
        constraints = [
            models.UniqueConstraint(fields=["version", "name"], name="attention_gate_once")
        ]

    def __str__(self) -> str:
        return self.name
