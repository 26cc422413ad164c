"""Follow a host's own models: what is saved or deleted there is mirrored after its commit.

Nothing here raises into the host: an error is logged, and the nightly comparison repairs it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.sites.models import Site
from django.db import models, transaction
from django.db.models.signals import post_delete, post_save

from recommender.catalog.services import sync_host_categories, sync_host_product

logger = logging.getLogger(__name__)

SiteOf = Callable[[Any], Site]
KeyOf = Callable[[Any], str]


def follow_products(model: type[models.Model], *, key: KeyOf, site: SiteOf) -> None:
    """Mirror each product of ``model`` when it is saved or deleted.

    Args:
        model: the host's product model.
        key: the product's host key, from an instance.
        site: the product's site, from an instance.
    """

    def changed(instance: Any, **kwargs: Any) -> None:
        _after_commit(
            lambda: partial(sync_host_product, site=site(instance), host_key=key(instance))
        )

    _connect(model, changed)


def follow_categories(model: type[models.Model], *, site: SiteOf) -> None:
    """Mirror the categories of a site when one of ``model`` is saved or deleted."""

    def changed(instance: Any, **kwargs: Any) -> None:
        _after_commit(lambda: partial(sync_host_categories, site=site(instance)))

    _connect(model, changed)


def _connect(model: type[models.Model], receiver: Callable[..., None]) -> None:
    name = f"attention_recommender.follow.{model._meta.label_lower}"
    for signal in (post_save, post_delete):
        signal.connect(receiver, sender=model, weak=False, dispatch_uid=name)


def _after_commit(prepare: Callable[[], Callable[[], object]]) -> None:
    try:
        transaction.on_commit(partial(_run, prepare()), robust=True)
    except Exception:
        logger.exception("A change of the host's catalog could not be followed.")


def _run(work: Callable[[], object]) -> None:
    try:
        with transaction.atomic():
            work()
    except Exception:
        logger.exception("A change of the host's catalog could not be mirrored.")
