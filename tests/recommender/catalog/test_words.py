"""The word list: a default for new categories that the operator may overrule."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from recommender.catalog.models import Category
from recommender.catalog.records import CategoryRecord, ProductRecord
from recommender.catalog.services import flag_by_words, mirror_categories, mirror_products
from recommender.catalog.words import matching_word


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Pregnancy tests", "pregnancy"),
        ("PHARMACY", "pharmacy"),
        ("Hearing aids and batteries", "hearing aid"),
        ("Sexual health", "sexual"),
        ("成人用品", "成人用品"),
        ("家用验孕棒", "验孕"),
        ("Paramedical bags", None),
        ("Essex pottery", None),
        ("Beauty and care", None),
        ("母婴用品", None),
        ("", None),
    ],
)
def test_a_name_matches_by_whole_words_or_by_characters(name: str, word: str | None) -> None:
    assert matching_word(name) == word


def test_the_list_is_the_operators(settings: Settings) -> None:
    settings.ATTENTION_RECOMMENDER = {
        **settings.ATTENTION_RECOMMENDER,
        "SENSITIVE_WORDS": ["wine", "c++"],
    }
    assert matching_word("Wines") == "wine"
    assert matching_word("Books on C++") == "c++"
    assert matching_word("Pharmacy") is None
    settings.ATTENTION_RECOMMENDER = {**settings.ATTENTION_RECOMMENDER, "SENSITIVE_WORDS": []}
    assert matching_word("Wines") is None


@pytest.fixture
def site(db: None) -> Site:
    return Site.objects.get_current()


def told(site: Site, key: str, name: str, **more: Any) -> Category:
    mirror_categories(site=site, records=[CategoryRecord(key=key, name=name, **more)])
    return Category.objects.get(host_key=key)


def test_a_new_category_that_matches_is_sensitive_with_all_below_it(site: Site) -> None:
    top = told(site, "p", "Pharmacy")
    below = told(site, "t", "Thermometers", parent_key="p")
    other = told(site, "g", "Garden")
    assert (top.is_flagged_here, top.sensitive, top.is_flagged_by_host) == (True, True, False)
    assert (below.is_flagged_here, below.sensitive) == (False, True)
    assert (other.is_flagged_here, other.sensitive) == (False, False)


def test_a_parent_named_by_its_key_first_is_compared_when_it_is_described(site: Site) -> None:
    child = CategoryRecord(key="child", name="Tests", parent_key="top")
    mirror_products(site=site, records=[ProductRecord(key="x", title="X", category=child)])
    assert not Category.objects.get(host_key="child").sensitive
    told(site, "top", "Fertility")
    assert Category.objects.get(host_key="child").sensitive


def test_what_the_operator_decides_stays(site: Site) -> None:
    # Given a category flagged by the list, from which the operator took the flag
    told(site, "p", "Pharmacy")
    Category.objects.filter(host_key="p").update(is_flagged_here=False, sensitive=False)

    # When the host tells it again, and renames it
    told(site, "p", "Pharmacy")
    renamed = told(site, "p", "Pharmacy and care")

    # Then it stays as the operator wants it
    assert (renamed.is_flagged_here, renamed.sensitive) == (False, False)


def test_a_category_known_before_is_flagged_only_when_asked(site: Site) -> None:
    Category.objects.create(site=site, host_key="p", name="Pharmacy", was_compared=True)
    assert not told(site, "p", "Pharmacy", sensitive=False).sensitive
    assert flag_by_words(categories=Category.objects.all()) == ["Pharmacy"]
    assert Category.objects.get().sensitive
    assert flag_by_words(categories=Category.objects.all()) == []


def test_the_admin_shows_the_word_and_suggests(site: Site, admin_client: Client) -> None:
    pharmacy = Category.objects.create(site=site, host_key="p", name="Pharmacy", was_compared=True)
    garden = Category.objects.create(site=site, host_key="g", name="Garden", was_compared=True)
    address = reverse("admin:attention_recommender_category_changelist")
    assert 'field-word">pharmacy<' in admin_client.get(address).content.decode()
    form = {"action": "suggest_sensitive", "_selected_action": [pharmacy.pk, garden.pk]}
    page = admin_client.post(address, form, follow=True).content.decode()
    assert "Flagged: Pharmacy." in page
    flagged = Category.objects.filter(sensitive=True).values_list("name", flat=True)
    assert list(flagged) == ["Pharmacy"]
    page = admin_client.post(address, form, follow=True).content.decode()
    assert "No name holds a word of the list." in page
