"""``{% load attention %}``: what a host's template shows."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.http import HttpRequest
from django.template import Context, Template
from django.test import RequestFactory

from consent.privacy import is_personal
from consent.visitor import Level, Visitor
from recommender.catalog.models import Product
from recommender.events.kinds import Kind
from recommender.serving import services
from tests.recommender.serving_django.conftest import Publish

Person = Callable[..., HttpRequest]


def render(request: HttpRequest | None, tag: str) -> str:
    """The HTML of one tag on a page of ``request``."""
    values = {} if request is None else {"request": request}
    return Template("{% load attention %}" + tag).render(Context(values))


def test_a_slate_is_a_list_with_a_heading_cards_and_reasons(
    publish: Publish, anybody: HttpRequest
) -> None:
    publish()

    html = render(anybody, '{% recommendations "home" size=2 %}')

    assert html.count("<li ") == 2
    heading = re.search(r'<h2 class="attn-heading" id="(attn-[0-9a-f-]{36})">(.*?)</h2>', html)
    assert heading is not None
    assert heading[2] == "Popular right now"
    assert f'aria-labelledby="{heading[1]}"' in html
    assert 'data-attention-item="p8"' in html
    assert 'data-attention-placement="home"' in html
    assert 'data-attention-position="2"' in html
    assert f'data-attention-slate="{heading[1].removeprefix("attn-")}"' in html
    assert 'href="/p/p8/"' in html
    assert "2.50 USD" in html
    assert '<p class="attn-reason">Popular in this shop</p>' in html
    assert "Why am I seeing this?" in html
    assert "Not ranked by your history." in html
    assert "Model version <code>aaaaaaaaaaaa</code>" in html


def test_a_contextual_slate_offers_nothing_that_needs_a_key(
    publish: Publish, anybody: HttpRequest
) -> None:
    publish()

    html = render(anybody, '{% recommendations "home" %}{% attention_script %}')

    assert "<form" not in html
    assert "<script" not in html
    assert not is_personal(anybody)


def test_a_personal_slate_says_why_and_lets_the_person_hide(
    publish: Publish, remembered: Person
) -> None:
    publish()
    request = remembered((Kind.VIEW, "p0"))

    html = render(request, '{% recommendations "home" %}')

    assert "Recommended for you" in html
    assert "Often follows Tea 0, which you viewed" in html
    assert "because you allowed it" in html
    assert 'action="/attention/hide/"' in html
    assert '<input type="hidden" name="product" value="p1">' in html
    assert "csrf" not in html
    assert is_personal(request)


def test_nothing_inline_so_that_a_strict_policy_holds(publish: Publish, remembered: Person) -> None:
    publish()
    request = remembered((Kind.VIEW, "p0"))

    html = render(request, '{% recommendations "home" %}{% attention_script product="p1" %}')

    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:", html)
    assert re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL) == [""]


def test_titles_and_keys_are_escaped(
    publish: Publish, products: list[Product], remembered: Person
) -> None:
    evil = '<script>alert("x")</script>'
    Product.objects.filter(host_key__in=["p0", "p1"]).update(title=evil)
    publish()

    html = render(remembered((Kind.VIEW, "p0")), '{% recommendations "home" %}')

    assert "<script>" not in html
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;, which you viewed" in html


def test_an_empty_slate_renders_nothing(site: object, anybody: HttpRequest) -> None:
    assert render(anybody, '{% recommendations "home" %}') == ""


@pytest.mark.parametrize("name", ["attic", "", "with space"])
def test_an_unknown_placement_renders_nothing(
    name: str, publish: Publish, anybody: HttpRequest
) -> None:
    publish()

    assert render(anybody, f'{{% recommendations "{name}" %}}') == ""


def test_a_page_without_the_request_renders_nothing(site: object) -> None:
    assert render(None, '{% recommendations "home" %}{% attention_script %}') == ""


def test_an_error_anywhere_renders_nothing(
    publish: Publish, anybody: HttpRequest, host: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    monkeypatch.setattr(host, "card_template", "no/such/template.html")
    assert render(anybody, '{% recommendations "home" %}') == ""

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("not today")

    monkeypatch.setattr(services, "get_adapter", broken)
    assert render(anybody, '{% recommendations "home" %}') == ""


@pytest.mark.parametrize("level", [Level.UNDECIDED, Level.OFF])
def test_the_script_stays_away_without_a_yes(level: Level, rf: RequestFactory, db: None) -> None:
    request = rf.get("/")
    request.visitor = Visitor(level, 1)  # type: ignore[attr-defined]

    assert render(request, "{% attention_script %}") == ""
    assert not is_personal(request)


def test_the_script_is_told_where_and_what(remembered: Person) -> None:
    request = remembered()

    html = render(request, '{% attention_script product="p1" view="0192" %}')

    assert 'src="/static/attention_recommender/attention.js"' in html
    assert 'data-attention-endpoint="/attention/events/"' in html
    assert 'data-attention-level="remember"' in html
    assert 'data-attention-product="p1"' in html
    assert 'data-attention-view="0192"' in html
    assert is_personal(request)


def test_the_consent_tags_come_along(anybody: HttpRequest) -> None:
    from recommender.templatetags.attention import register

    assert {"consent_banner", "privacy_control", "consent_styles"} <= set(register.tags)


def test_what_follows_on_the_page_keeps_its_own_variables(
    publish: Publish, anybody: HttpRequest
) -> None:
    publish()
    template = Template(
        '{% load attention %}{% recommendations "home" %}|{{ product }}|{{ next }}|'
    )

    html = template.render(Context({"request": anybody, "product": "mine"}))

    assert html.endswith("|mine||")
