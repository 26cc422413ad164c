"""Versions side by side: the difference, its public pages, the admin and the command."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from consent.models import ConsentState, PolicyVersion, Shopper
from consent.policies.difference import Change, difference
from consent.policies.services import publish_policy
from tests.consent.test_pages import INLINE

ADD = "/admin/attention_consent/policyversion/add/"
VERSIONS = "/attention/policy/versions/"
words = st.lists(st.sampled_from(["one", "two", "记录", " ", "\n\n", ".", "<b>"]), max_size=12)


def shown(old: str, new: str) -> list[list[tuple[str, str]]]:
    return [[(str(change), text) for change, text in each] for each in difference(old, new)]


def test_words_that_came_and_went_are_told_apart() -> None:
    assert shown("We keep views.\n\nEnd.", "We keep all views.\n\nMore.\n\nEnd.") == [
        [("same", "We keep "), ("added", "all "), ("same", "views.")],
        [("added", "More.")],
        [("same", "End.")],
    ]
    assert shown("保存浏览", "保存购买") == [
        [("same", "保存"), ("removed", "浏览"), ("added", "购买")]
    ]
    assert shown("", "") == []


@given(words, words)
def test_nothing_of_either_text_is_lost(before: list[str], after: list[str]) -> None:
    old, new = "".join(before), "".join(after)

    def told(fate: Change) -> str:
        pieces = [piece for each in difference(old, new) for piece in each]
        return "".join("".join(text.split()) for change, text in pieces if change is not fate)

    assert told(Change.REMOVED) == "".join(new.split())
    assert told(Change.ADDED) == "".join(old.split())


def _publish(site: Site, body: str, *, is_material: bool = False) -> None:
    old = PolicyVersion.objects.get(number=1, language="en")
    text = {"title": old.title, "notice": old.notice, "body": body}
    chinese = {"title": "标题", "notice": "通知。", "body": "正文。"}
    publish_policy(site=site, texts={"en": text, "zh-hans": chinese}, is_material=is_material)


@pytest.mark.django_db
def test_everybody_can_see_what_changed(browser: Client) -> None:
    site = Site.objects.get(pk=1)
    _publish(site, "Nothing is <script>alert(1)</script> recorded.", is_material=True)

    listed = browser.get(VERSIONS)
    page = browser.get(f"{VERSIONS}2/")

    assert listed.text.index(f"{VERSIONS}2/") < listed.text.index(f"{VERSIONS}1/")
    assert "material change" in listed.text
    assert "<ins>" in page.text
    assert "<del>" in page.text
    assert "&lt;script&gt;" in page.text
    assert "alert(1)</script>" not in page.text
    assert PolicyVersion.objects.get(number=2, language="en").hash in page.text
    chinese = browser.get(f"{VERSIONS}2/", headers={"Accept-Language": "zh-CN"}).text
    assert '<article class="attn-card attn-prose" lang="zh-hans">' in chinese
    first = browser.get(f"{VERSIONS}1/").text
    assert "<ins>" not in first
    for response in (listed, page):
        assert not response.cookies
        assert not INLINE.search(response.text.split("<main", 1)[1])
    for number in ("3", "0", "99999999999999999999"):
        assert browser.get(f"{VERSIONS}{number}/").status_code == 404


@pytest.mark.django_db
def test_the_database_refuses_to_change_a_version() -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE attention_consent_policyversion SET body = 'else'")
    assert not PolicyVersion.objects.filter(body="else").exists()


def _form(client: Client, **changed: str) -> dict[str, Any]:
    """What the admin's form would send with some of its fields changed."""
    version = client.get(ADD).context["version"]
    data = {"base": str(version.whole["base"].value())}
    for language, form in version.texts.items():
        for field in form:
            data[f"{language}-{field.name}"] = str(field.value() or "")
    return data | {name.replace("__", "-"): value for name, value in changed.items()}


@pytest.mark.django_db
def test_staff_publishes_after_seeing_what_would_change(
    admin_client: Client, shopper: Shopper
) -> None:
    data = _form(admin_client, en__body="Everything is recorded.", is_material="on")

    preview = admin_client.post(ADD, {**data, "preview": "1"})
    assert "<ins>" in preview.text
    assert "what 1 person allowed rests" in preview.text
    assert not PolicyVersion.objects.filter(number=2).exists()
    again = admin_client.post(ADD, {**data, "edit": "1"})
    assert "Everything is recorded.</textarea>" in again.text
    assert not PolicyVersion.objects.filter(number=2).exists()

    response = admin_client.post(ADD, {**data, "publish": "1"})

    assert response.status_code == 302
    rows = PolicyVersion.objects.filter(number=2).order_by("language")
    assert [(row.language, row.is_material) for row in rows] == [("en", True), ("zh-hans", True)]
    assert rows[0].body == "Everything is recorded."
    assert ConsentState.objects.get(pk=shopper.pk).purposes == 0
    assert LogEntry.objects.count() == 2
    page = admin_client.get(f"/admin/attention_consent/policyversion/{rows[0].pk}/change/")
    assert "Compared with version 1" in page.text
    assert "<del>" in page.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"en__title": ""}, "This field is required."),
        ({"zh-hans__body": " "}, "This field is required."),
        ({"base": "7"}, "Another version was published since you began."),
        ({"base": ""}, "Another version was published since you began."),
        ({}, "Nothing was changed in the texts."),
    ],
)
def test_a_form_that_cannot_be_published_changes_nothing(
    admin_client: Client, shopper: Shopper, changed: dict[str, str], said: str
) -> None:
    response = admin_client.post(ADD, {**_form(admin_client, **changed), "publish": "1"})
    assert response.status_code == 200
    assert said in response.text
    assert not PolicyVersion.objects.filter(number=2).exists()
    assert ConsentState.objects.get(pk=shopper.pk).purposes


@pytest.mark.django_db
def test_who_may_only_look_cannot_publish(client: Client, site: Site) -> None:
    user = get_user_model().objects.create_user("eve", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_policyversion"))
    client.force_login(user)
    assert client.get("/admin/attention_consent/policyversion/").status_code == 200
    assert client.get(ADD).status_code == 403
    assert client.post(ADD, {"publish": "1", "base": "1"}).status_code == 403
    assert not PolicyVersion.objects.filter(number=2).exists()


def _run(*arguments: str) -> str:
    out = StringIO()
    call_command("consent_policy", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_publishes_a_file_and_shows_the_difference(
    site: Site, shopper: Shopper, tmp_path: Path
) -> None:
    file = tmp_path / "texts.json"
    old = PolicyVersion.objects.get(number=1, language="en")
    text = {"title": old.title, "notice": old.notice, "body": f"{old.body}\n\nAt all."}
    file.write_text(json.dumps({"en": text}), "utf-8")

    listed = _run("--publish", "--material", "--file", str(file))

    assert listed.startswith("2 en ")
    assert listed.splitlines()[0].endswith(" material")
    assert ConsentState.objects.get(pk=shopper.pk).purposes == 0
    assert "  body: {+At all.+}" in _run("--diff", "2").splitlines()
    for wrong in ("{", "[]", "{}", '{"en": {"title": "t"}}', '{"en": 1}'):
        file.write_text(wrong)
        with pytest.raises(CommandError):
            _run("--publish", "--file", str(file))
    with pytest.raises(CommandError):
        _run("--diff", "9")
    assert PolicyVersion.objects.latest("number").number == 2


@pytest.mark.django_db
def test_the_command_publishes_nothing_that_is_the_same(site: Site) -> None:
    with pytest.raises(CommandError, match="Nothing was published"):
        _run("--publish")
    assert not PolicyVersion.objects.filter(number=2).exists()
