"""Read the settings of an app: one dictionary, one typed reader, one table of defaults."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured


class Option:
    """One key of a settings dictionary: its type, default and meaning.

    Read at use, so that ``override_settings`` works. A value of a wrong type raises
    ``ImproperlyConfigured`` with the key's name.
    """

    def __init__(self, name: str, hint: Any, default: Any) -> None:
        self.name = name
        self.default = default
        self.hint, self.meaning = _split(hint)

    def __get__(self, reader: AppSettings | None, owner: type[AppSettings]) -> Any:
        if reader is None:
            return self
        value = reader.given().get(self.name, self.default)
        if not _accepts(value, self.hint):
            raise ImproperlyConfigured(
                f"{reader.setting}[{self.name!r}] must be {self.type_name}, not {value!r}."
            )
        return value

    @property
    def type_name(self) -> str:
        """The type as a reader of the documentation would write it."""
        return self.hint.__name__ if isinstance(self.hint, type) else str(self.hint)


class AppSettings:
    """Base of the typed readers.

    A subclass names its dictionary and lists its keys as annotated class attributes::

        class ShopSettings(AppSettings, setting="ATTENTION_SHOP"):
            SIZE: Annotated[int, "Products on a page."] = 12
    """

    setting: str
    options: dict[str, Option]

    def __init_subclass__(cls, *, setting: str, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.setting = setting
        cls.options = {}
        hints = get_type_hints(cls, include_extras=True)
        for name, hint in hints.items():
            if name.isupper():
                option = Option(name, hint, getattr(cls, name))
                cls.options[name] = option
                setattr(cls, name, option)

    def given(self) -> Mapping[str, Any]:
        """Return the host's dictionary, empty where there is none."""
        value = getattr(settings, self.setting, None) or {}
        if not isinstance(value, Mapping):
            raise ImproperlyConfigured(f"{self.setting} must be a dictionary.")
        return value

    def check(self, label: str) -> list[CheckMessage]:
        """Return ``<label>.E001`` per unknown key and ``<label>.E002`` per wrong type."""
        try:
            given = self.given()
        except ImproperlyConfigured as error:
            return [Error(str(error), id=f"{label}.E002")]
        return [*self._unknown(given, label), *self._mistyped(given, label)]

    def _unknown(self, given: Mapping[str, Any], label: str) -> Iterator[CheckMessage]:
        for key in given:
            if key not in self.options:
                yield Error(
                    f"{self.setting} has an unknown key {key!r}.",
                    hint="Known keys: " + ", ".join(sorted(self.options)) + ".",
                    id=f"{label}.E001",
                )

    def _mistyped(self, given: Mapping[str, Any], label: str) -> Iterator[CheckMessage]:
        for key, option in self.options.items():
            if key in given and not _accepts(given[key], option.hint):
                yield Error(
                    f"{self.setting}[{key!r}] must be {option.type_name}.",
                    hint=option.meaning,
                    id=f"{label}.E002",
                )


def _split(hint: Any) -> tuple[Any, str]:
    """Return the plain type and the sentence of an ``Annotated`` hint."""
    if get_origin(hint) is Annotated:
        plain, *notes = get_args(hint)
        return plain, str(notes[0]) if notes else ""
    return hint, ""


def _accepts(value: Any, hint: Any) -> bool:
    """Tell whether ``value`` has the type ``hint`` (outermost type; unions by member)."""
    if hint is Any:
        return True
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return any(_accepts(value, member) for member in get_args(hint))
    kind = origin or hint
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is Sequence:
        return isinstance(value, Sequence) and not isinstance(value, str | bytes)
    return isinstance(value, kind)


DEFAULT_POLICY: dict[str, dict[str, str]] = {
    "en": {
        "title": "How this shop uses what you do here",
        "notice": (
            "If you accept, this shop records what you look at and buy here, recommends "
            "products from it, and trains its own recommendation model with it. Everything "
            "works if you refuse. You can change your mind at any time."
        ),
        "body": (
            "Nothing is recorded about you unless you say so.\n\n"
            "Accept: your browser gets a random key. Under that key the shop keeps what you "
            "look at, search for, put in the basket and buy, recommends products from it, and "
            "lets its own model learn from it.\n\n"
            "Only this visit: the last twenty products you looked at are kept in a cookie of "
            "your browser until you close it. The shop stores nothing.\n\n"
            "Refuse: recommendations do not depend on you. Your browser remembers that you "
            "refused, so that you are not asked again for six months; the note holds no "
            "identifier.\n\n"
            "When you turn recommendations off, what was recorded is deleted. What you do here "
            "is not sold and does not leave this shop."
        ),
    },
    "zh-hans": {
        "title": "本店如何使用您在这里的行为",
        "notice": (
            "如果您接受，本店会记录您在这里浏览和购买的商品，据此向您推荐商品，"
            "并用它训练本店自己的推荐模型。如果您拒绝，一切功能照常可用。"
            "您可以随时改变主意。"
        ),
        "body": (
            "除非您同意，否则本店不会记录任何与您有关的信息。\n\n"
            "接受：您的浏览器会得到一个随机密钥。本店在该密钥下保存您浏览、搜索、"
            "放入购物车和购买的内容，据此推荐商品，并让本店自己的模型从中学习。\n\n"
            "仅限本次访问：您最近浏览的二十件商品保存在浏览器的一个 Cookie 中，"
            "直到您关闭浏览器为止。本店不保存任何内容。\n\n"
            "拒绝：推荐与您无关。您的浏览器会记住您已拒绝，因此六个月内不会再次询问；"
            "该记录不含任何标识符。\n\n"
            "当您关闭推荐时，已记录的内容会被删除。您在这里的行为不会被出售，"
            "也不会离开本店。"
        ),
    },
}


class ConsentSettings(AppSettings, setting="ATTENTION_CONSENT"):
    """The keys of ``ATTENTION_CONSENT``."""

    KEYS: Annotated[
        Sequence[Mapping[str, str]] | str | None,
        'Master keys, [{"kid": ..., "key": base64 of 32 bytes}] or the same as JSON; the first '
        "signs, all verify. Read from the environment variable ATTENTION_KEYS when not set.",
    ] = None
    KEYS_FILE: Annotated[
        Path | str,
        "File with the same JSON, used when neither KEYS nor ATTENTION_KEYS is given; relative "
        "to BASE_DIR.",
    ] = "var/keys.json"
    KEY_COOKIE: Annotated[str, "Cookie with the random key of a remembered browser."] = (
        "attention_key"
    )
    VISIT_COOKIE: Annotated[str, "Session cookie with the last products of this visit."] = (
        "attention_visit"
    )
    CHOICE_COOKIE: Annotated[str, "Cookie that notes a refusal, without identifier."] = (
        "attention_choice"
    )
    OFFER_COOKIE: Annotated[
        str, "Cookie with the history from before a login, offered to that account alone."
    ] = "attention_offer"
    GIFT_COOKIE: Annotated[
        str, "Session cookie that says nothing is learned from this visit, without identifier."
    ] = "attention_gift"
    COOKIE_DOMAIN: Annotated[str | None, "Domain of the cookies."] = None
    COOKIE_PATH: Annotated[str, "Path of the cookies."] = "/"
    KEY_DAYS: Annotated[
        int, "Days a browser keeps its key after the last decision; older people are erased."
    ] = 365
    VISIT_HOURS: Annotated[int, "Hours after which a visit is over, browser open or not."] = 12
    SUSPENDED_DAYS: Annotated[
        int,
        "Days what people allowed rests after a material change; then it and what was recorded go.",
    ] = 180
    REASK_MONTHS: Annotated[int, "Months after a refusal before the notice is shown again."] = 6
    OFFERED_PURPOSES: Annotated[
        Sequence[str], "Purposes with a switch of their own on the preferences page."
    ] = ("analytics", "recs.personal", "model.train")
    POLICY: Annotated[
        Mapping[str, Mapping[str, str]],
        "Texts of the first policy version: language -> title, notice (the banner sentence), body.",
    ] = DEFAULT_POLICY
    POLICY_CACHE_SECONDS: Annotated[
        int, "Seconds a process keeps the current notice before it looks again."
    ] = 60
    BASE_TEMPLATE: Annotated[
        str, "Template the pages extend; needs the blocks title and content."
    ] = "attention_consent/base.html"
    ERASE_ROWS: Annotated[
        int, "Rows deleted within the request that withdraws; the rest by task."
    ] = 1000
    LEDGER_DIR: Annotated[
        Path | str,
        "Private folder of the ledger's signed checkpoints, outside the database; relative to "
        "BASE_DIR.",
    ] = "var/ledger"
    BACKUP_DAYS: Annotated[
        int, "Days the oldest backup is kept; as long is remembered whom to erase again from it."
    ] = 90
    REDIS_URL: Annotated[
        str,
        "Address of the Redis that keeps gates and live histories; without one the database "
        "answers every request.",
    ] = ""
    REDIS_PREFIX: Annotated[str, "First part of the name of everything kept there."] = "attention"
    RETENTION_DAYS: Annotated[
        Mapping[str, int],
        "Days by rule of retention, where they differ from the default: choice_counts 400, "
        "accesses 1095, proofs 1095, requests 1095, retention_runs 400.",
    ] = {}
    SHOW_STAFF_NAMES: Annotated[
        bool, "Tell a person the names, not only the roles, of staff who looked at their data."
    ] = False
    CACHED_PAGES: Annotated[
        bool,
        "Pages are kept by a cache that ignores cookies: every page carries the notice hidden, and "
        "a script shows it to who has not decided.",
    ] = False
    PUBLIC_URL: Annotated[
        str,
        "Address of the shop in mails and receipts, such as https://shop.example; else https and "
        "the domain of the site.",
    ] = ""
    CONTROLLER: Annotated[
        Mapping[str, str],
        "Who is responsible, in receipts and mails: name, email, telephone, address, ...",
    ] = {}
    PROXIES: Annotated[
        int,
        "Proxies in front of the shop that add to X-Forwarded-For; 0: the address of the "
        "connection is the person's.",
    ] = 0
    GRANT_NETWORK_LIMIT: Annotated[
        int, "Times an hour people of one network may allow something; a no is never limited."
    ] = 300
    REQUEST_NETWORK_LIMIT: Annotated[
        int, "Times an hour one network may ask for mail to an address that is not its account's."
    ] = 10
    REQUEST_MAIL_LIMIT: Annotated[
        int, "Mails an hour that one address is sent because somebody named it."
    ] = 3
    REQUEST_REMIND_DAYS: Annotated[
        int, "Days before the deadline of a request on which person and staff are reminded."
    ] = 7
    REQUEST_STAFF_MAIL: Annotated[
        Sequence[str], "Addresses told of requests that wait and of deadlines; else MANAGERS."
    ] = ()
    GPC_UPDATED: Annotated[
        str, "Date (YYYY-MM-DD) stated as lastUpdate in /.well-known/gpc.json."
    ] = "2026-11-01"


consent_settings = ConsentSettings()
