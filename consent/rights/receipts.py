"""Give a person a signed receipt of each of their decisions.

The structure follows ISO/IEC TS 27560:2023 (consent receipt that copies the consent record) as
JSON-LD in the terms of the W3C Data Privacy Vocabulary. The place in the ledger and its hash tie
the receipt to the chain of decisions.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.contrib.sites.models import Site
from django.urls import reverse
from django.utils import timezone

from consent.conf import consent_settings
from consent.holdings import all_holdings
from consent.ledger.models import Decision, Kind
from consent.policies.models import PolicyVersion
from consent.purposes import Purpose
from consent.rights.addresses import public_url
from consent.signed_file import SignedFile, sign_file

TYPE = "attention.consent.receipt/1"
PROFILE = "https://w3id.org/dpv/schema/dpv-27560#"
CONTEXT = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "schema": "https://schema.org/",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
}
_GIVEN = "dpv:ConsentGiven"
_WITHDRAWN = "dpv:ConsentWithdrawn"
_RESTING = "dpv:ConsentStatusInvalidForProcessing"
_TERMS: dict[Purpose, str] = {
    Purpose.ANALYTICS: "dpv:ServiceUsageAnalytics",
    Purpose.RECS_PERSONAL: "dpv:ProvidePersonalisedRecommendations",
    Purpose.MODEL_TRAIN: "dpv:ServiceOptimisation",
    Purpose.ADS_PERSONAL: "dpv:PersonalisedAdvertising",
    Purpose.ADS_MEASURE: "dpv:Advertising",
    Purpose.MODEL_SHARE: "dpv:CommercialPurpose",
    Purpose.EXPERIMENT: "dpv:ResearchAndDevelopment",
    Purpose.MARKETING_MAIL: "dpv:DirectMarketing",
}


def receipt_of(*, decision: Decision, before: Decision | None) -> SignedFile:
    """Return the signed receipt of a decision; ``before`` is the same person's last one.

    Purposes of ``before`` that are no longer allowed are told as withdrawn, or as resting where
    the person had their use restricted.
    """
    site = Site.objects.get(pk=decision.site_id)
    number = f"{decision.site_id}-{decision.sequence}"
    return sign_file(
        {
            "@context": CONTEXT,
            "@id": public_url(site, reverse("attention_consent:receipt", args=[decision.sequence])),
            "@type": "dpv:ConsentReceipt",
            "type": TYPE,
            "dct:identifier": f"receipt-{number}",
            "dct:conformsTo": f"{PROFILE}receipt-record",
            "dct:created": _utc(timezone.now()),
            "dct:publisher": _controller(site),
            "schema:recipient": "dpv:DataSubject",
            "dpv:hasRecordOfActivity": _record(site, number, decision, before),
            "ledger": {
                "format": decision.format,
                "site": decision.site_id,
                "sequence": decision.sequence,
                "hash": decision.hash,
                "previous_hash": decision.previous_hash,
            },
        }
    )


def _record(site: Site, number: str, decision: Decision, before: Decision | None) -> dict[str, Any]:
    at = _utc(decision.recorded_at)
    return {
        "@type": "dpv:ConsentRecord",
        "dct:identifier": f"record-{number}",
        "dct:conformsTo": f"{PROFILE}record",
        "dct:created": at,
        "dpv:hasDataSubject": {"@type": "dpv:Customer", "dct:identifier": decision.subject},
        "dpv:hasDataController": _controller(site),
        "dpv:hasNotice": _notice(site, decision),
        "dpv:hasProcess": [
            _process(purpose, status, decision, at)
            for purpose, status in _statuses(decision, before)
        ],
        "dpv:isExercisedAt": public_url(site, reverse("attention_consent:preferences")),
        "dpv:hasRight": [
            {"@type": f"eu-gdpr:{article}", "dpv:isExercisedAt": public_url(site, page)}
            for article, page in _rights()
        ],
        "dct:type": decision.kind,
        "globalPrivacyControl": decision.gpc,
    }


def _process(purpose: Purpose, status: str, decision: Decision, at: str) -> dict[str, Any]:
    held = [holding for holding in all_holdings() if holding.purpose is purpose]
    return {
        "@type": "dpv:Process",
        "dct:identifier": purpose.value,
        "dct:title": str(purpose.title),
        "dct:description": str(purpose.explanation),
        "dpv:hasPurpose": _TERMS[purpose],
        "dpv:hasLegalBasis": "dpv:ExplicitlyExpressedConsent"
        if decision.kind != Kind.IMPORTED
        else decision.details.get("legal_basis", ""),
        "dpv:hasPersonalData": [str(holding.title) for holding in held],
        "dpv:hasStorageCondition": _texts(holding.retention for holding in held),
        "dpv:hasRecipient": _texts(holding.recipients for holding in held),
        "dpv:hasConsentStatus": {
            "@type": status,
            "dpv:isIndicatedBy": "dpv:DataSubject"
            if decision.actor == "shopper"
            else decision.actor,
            "dpv:isIndicatedAtTime": at,
            "dpv:hasIndicationMethod": decision.source,
        },
    }


def _statuses(decision: Decision, before: Decision | None) -> list[tuple[Purpose, str]]:
    """Return every purpose the decision says something about, in a fixed order."""
    allowed = set(decision.purposes.split())
    earlier = _known(before)
    resting = set(decision.details.get("restricted", "").split())
    statuses: list[tuple[Purpose, str]] = []
    for purpose in Purpose:
        if purpose is Purpose.NECESSARY:
            continue
        if purpose in allowed:
            statuses.append((purpose, _GIVEN))
        elif purpose in resting:
            statuses.append((purpose, _RESTING))
        elif purpose in earlier:
            statuses.append((purpose, _WITHDRAWN))
    return statuses


def _known(before: Decision | None) -> set[str]:
    if before is None:
        return set()
    return set(before.purposes.split()) | set(before.details.get("restricted", "").split())


def _notice(site: Site, decision: Decision) -> dict[str, Any]:
    versions = PolicyVersion.objects.for_site(site).filter(hash=decision.policy)
    shown = versions.first() if decision.policy else None
    told: dict[str, Any] = {
        "@type": "dpv:ConsentNotice",
        "dct:language": decision.language,
        "sha256": decision.policy,
    }
    if shown is not None:
        page = reverse("attention_consent:policy_version", args=[shown.number])
        told |= {
            "@id": public_url(site, page),
            "dct:title": shown.title,
            "dct:hasVersion": shown.number,
        }
    return told


def _controller(site: Site) -> dict[str, str]:
    named = {"name": site.name, "url": public_url(site, "/"), **consent_settings.CONTROLLER}
    terms = {"@type": "dpv:DataController"}
    return terms | {f"schema:{name}": str(text) for name, text in named.items()}


def _rights() -> list[tuple[str, str]]:
    page = reverse("attention_consent:rights")
    articles = ("A7-3", "A15", "A16", "A17", "A18", "A20", "A21")
    return [(article, page) for article in articles]


def _texts(values: Iterable[Any]) -> list[str]:
    return [text for text in dict.fromkeys(str(value) for value in values) if text]


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
