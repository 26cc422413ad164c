"""Read policy versions, compare them, and publish the next one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.sites.models import Site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from consent.people.models import ConsentState
from consent.policies.difference import difference
from consent.policies.forms import NextVersion
from consent.policies.models import PolicyVersion
from consent.policies.services import FIELDS, PolicyUnchanged, publish_policy
from consent.policies.views import changes_of


@admin.register(PolicyVersion)
class PolicyVersionAdmin(admin.ModelAdmin):
    """A version is never changed or deleted: "add" publishes the next, in every language."""

    show_facets = admin.ShowFacets.NEVER
    list_display = ["number", "language", "site", "title", "is_material", "created_at"]
    list_filter = ["site", "language", "is_material"]
    list_select_related = ["site"]
    search_fields = ["title", "notice", "body"]
    change_form_template = "attention_consent/admin/policy_version.html"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a version and what it changed."""
        version = self.get_object(request, object_id)
        context = {**(extra_context or {}), **(changes_of(version) if version else {})}
        return super().change_view(request, object_id, form_url, context)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Take the texts of the next version, show what would change, and publish it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        default = getattr(settings, "SITE_ID", None) or Site.objects.order_by("pk").first()
        wanted = request.GET.get("site", "")
        site = get_object_or_404(Site, pk=int(wanted) if wanted.isdecimal() else default)
        version = NextVersion(site, request.POST if request.method == "POST" else None)
        is_ready = request.method == "POST" and "edit" not in request.POST and version.is_valid()
        if is_ready and "publish" in request.POST:
            response = self._publish(request, version)
            if response is not None:
                return response
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Publish the next policy version"),
            "version": version,
            "sites": Site.objects.order_by("pk"),
            "media": self.media,
            "previews": _previews(version) if is_ready else None,
            "affected": ConsentState.objects.for_site(site)
            .filter(purposes__gt=0, policy__isnull=False)
            .count(),
        }
        name = "policy_preview" if is_ready else "policy_publish"
        return TemplateResponse(request, f"attention_consent/admin/{name}.html", context)

    def _publish(self, request: HttpRequest, version: NextVersion) -> HttpResponse | None:
        try:
            versions = publish_policy(
                site=version.site,
                texts=version.cleaned_texts(),
                is_material=version.whole.cleaned_data["is_material"],
            )
        except PolicyUnchanged:
            self.message_user(request, _("Nothing was changed in the texts."), messages.ERROR)
            return None
        for each in versions:
            self.log_addition(request, each, "published")
        text = ngettext(
            "Version %(number)d is published in %(n)d language.",
            "Version %(number)d is published in %(n)d languages.",
            len(versions),
        )
        values = {"number": versions[0].number, "n": len(versions)}
        self.message_user(request, text % values, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:attention_consent_policyversion_changelist"))


def _previews(version: NextVersion) -> list[dict[str, Any]]:
    """Return each language with what would change in it."""
    return [
        {
            "name": version.names[language],
            "language": language,
            "changes": {
                field: difference(getattr(version.current.get(language), field, ""), text[field])
                for field in FIELDS
            },
        }
        for language, text in version.cleaned_texts().items()
    ]
