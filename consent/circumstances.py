"""Tell how a person decided, for the ledger, from the request they decided with."""

from __future__ import annotations

from collections.abc import Collection

from django.http import HttpRequest

from consent.decisions import Circumstances
from consent.policies.models import PolicyVersion
from consent.policies.selectors import current_policy
from consent.purposes import Purpose
from consent.visitor import visitor_of


def circumstances_of(
    request: HttpRequest,
    source: str,
    policy: PolicyVersion | None = None,
    confirmed: Collection[Purpose] = (),
) -> Circumstances:
    """Tell how a person decided on one of our own pages: each shows a version of the policy.

    ``policy`` is that version (default: the current one); ``confirmed`` are purposes granted a
    second time against Global Privacy Control.
    """
    visitor = visitor_of(request)
    return Circumstances(
        actor="shopper",
        source=source,
        shown=policy or current_policy(site_id=visitor.site_id),
        gpc=visitor.gpc,
        details={"confirmed": " ".join(sorted(confirmed))} if confirmed else {},
    )
