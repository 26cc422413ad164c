"""Two languages, without a cookie until somebody asks for one."""

from __future__ import annotations

import pytest
from django.test import Client

OWN = {"Origin": "http://testserver"}

pytestmark = pytest.mark.django_db


def language(client: Client, path: str = "/", **headers: str) -> str:
    response = client.get(path, headers=headers)
    assert not response.cookies
    return str(response.text.split('<html lang="')[1].split('"')[0])


def test_the_browsers_wish_and_the_address_decide_without_a_cookie() -> None:
    client = Client()
    assert language(client) == "en"
    assert language(client, **{"Accept-Language": "zh-CN,zh;q=0.9"}) == "zh-hans"
    assert language(client, "/?lang=zh-hans") == "zh-hans"
    assert language(client, "/?lang=en", **{"Accept-Language": "zh-CN"}) == "en"
    assert language(client, "/?lang=xx") == "en"
    assert language(client) == "en"
    assert "接受" in client.get("/?lang=zh-hans").text


def test_a_chosen_language_lasts_for_the_session_and_names_nobody() -> None:
    client = Client(headers=OWN)
    response = client.post("/language/", {"language": "zh-hans", "next": "/departments/"})
    cookie = response.cookies["django_language"]
    assert (response.status_code, response["Location"]) == (303, "/departments/")
    assert (cookie.value, cookie["max-age"], cookie["httponly"]) == ("zh-hans", "", True)
    assert set(response.cookies) == {"django_language"}
    assert language(client, "/departments/") == "zh-hans"
    assert language(client, "/?lang=en") == "en"


@pytest.mark.parametrize("wanted", ["", "xx", "zh-hans\x00", "../en"])
def test_what_is_no_language_of_the_shop_is_a_400(wanted: str) -> None:
    response = Client(headers=OWN).post("/language/", {"language": wanted})
    assert response.status_code == 400
    assert not response.cookies


def test_another_page_cannot_choose() -> None:
    response = Client(headers={"Origin": "https://evil.test"}).post(
        "/language/", {"language": "zh-hans"}
    )
    assert response.status_code == 403
    assert not response.cookies
