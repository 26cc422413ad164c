"""Training in the admin: see runs, versions and gates; train, cancel, promote, roll back."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.sites.models import Site
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from recommender.training import lineage, registry, services
from recommender.training.models import GateResult, ModelVersion, TrainingRun, VersionState


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that machines write and people read."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = [field.name for field in self.model._meta.fields]
        return fields + [name for name in self.readonly_fields if name not in fields]


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    """Runs with their progress; a run is added with the button of the list."""

    list_display = ("requested_at", "site", "state", "progress", "preset", "message")
    list_filter = ("state", "site")
    list_select_related = ("site",)
    show_facets = admin.ShowFacets.ALWAYS
    actions = ("train_again", "cancel_runs")
    date_hierarchy = "requested_at"

    @admin.display(description=_("progress"))
    def progress(self, run: TrainingRun) -> str:
        return f"{run.step} / {run.steps}" if run.steps else "–"

    @admin.action(description=_("Train again with the same settings"), permissions=["change"])
    def train_again(self, request: HttpRequest, queryset: QuerySet[TrainingRun]) -> None:
        for run in queryset.select_related("site"):
            services.request_training(
                site=run.site,
                preset=run.preset,
                cpu_seconds=run.cpu_seconds,
                seed=run.seed,
                requested_by=request.user if request.user.is_authenticated else None,
            )
        self.message_user(request, _("Requested; a worker takes it up within seconds."))

    @admin.action(description=_("Cancel"), permissions=["change"])
    def cancel_runs(self, request: HttpRequest, queryset: QuerySet[TrainingRun]) -> None:
        for run in queryset:
            services.cancel(run_id=run.pk)
        self.message_user(request, _("Cancelled. The live model still answers."))


class GateInline(admin.TabularInline):
    """The verdicts of one version."""

    model = GateResult
    extra = 0
    can_delete = False
    readonly_fields = ("name", "value", "limit", "passed", "message")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    """Versions with measures, mix weights and gates."""

    list_display = (
        "version_short",
        "site",
        "state",
        "created_at",
        "ndcg",
        "attention_weight",
        "deadline",
    )
    list_filter = ("state", "site")
    list_select_related = ("site", "lesson")
    show_facets = admin.ShowFacets.ALWAYS
    inlines = (GateInline,)
    actions = ("promote_version", "roll_back_site")
    readonly_fields = ("weights", "measures", "deadline")
    exclude = ("card",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [name for name in super().get_readonly_fields(request, obj) if name != "card"]

    @admin.display(description=_("version"))
    def version_short(self, version: ModelVersion) -> str:
        return str(version)

    @admin.display(description=_("test NDCG@10"))
    def ndcg(self, version: ModelVersion) -> str:
        value = version.card.get("metrics", {}).get("test", {}).get("served", {}).get("ndcg@10")
        return "–" if value is None else f"{value:.4f}"

    @admin.display(description=_("weight of attention"))
    def attention_weight(self, version: ModelVersion) -> str:
        weight = version.card.get("weights", {}).get("attention")
        if weight is None:
            return "–"
        return str(_("none: the mix without it serves")) if weight == 0 else f"{weight:.2f}"

    @admin.display(description=_("taken down by, because somebody withdrew"))
    def deadline(self, version: ModelVersion) -> str:
        deadline = lineage.deadline_of(version)
        if deadline is None or version.state == VersionState.WITHDRAWN:
            return "–"
        return date_format(localtime(deadline), "DATETIME_FORMAT")

    @admin.display(description=_("mix weights"))
    def weights(self, version: ModelVersion) -> SafeString:
        rows = version.card.get("weights", {}).items()
        return format_html_join("", "<div>{}: {}</div>", ((k, f"{v:.2f}") for k, v in rows))

    @admin.display(description=_("measures on the test events, whole catalog"))
    def measures(self, version: ModelVersion) -> SafeString:
        rows = [
            (name, f"{values['ndcg@10']:.4f}", f"{values['hr@10']:.4f}")
            for name, values in version.card.get("metrics", {}).get("test", {}).items()
        ]
        body = format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", rows)
        head = format_html("<tr><th></th><th>{}</th><th>{}</th></tr>", "NDCG@10", "HR@10")
        return format_html("<table>{}{}</table>", head, body)

    @admin.action(description=_("Let this version answer"), permissions=["change"])
    def promote_version(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> None:
        if queryset.count() != 1:
            self.message_user(request, _("Choose one version."), messages.ERROR)
            return
        version = queryset.get()
        try:
            registry.promote(version=version)
        except registry.NotPromotable as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            self.message_user(request, _("It answers from the next request on."))

    @admin.action(description=_("Roll its shop back to the version before"), permissions=["change"])
    def roll_back_site(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> None:
        sites = Site.objects.filter(pk__in=queryset.values("site"))
        for site in sites:
            try:
                registry.roll_back(site=site)
            except registry.NotPromotable as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                self.message_user(
                    request, ngettext("Rolled %d shop back.", "Rolled %d shops back.", 1) % 1
                )
