"""The demo's second policy version: the first one's texts, said more exactly."""

from __future__ import annotations

from consent.conf import consent_settings

ADDED = {
    "en": (
        "What you bought is kept for ten years, as tax law asks, without your name once you had "
        "your data deleted.\n\n"
        "You can see, correct, take along and delete what is held of you at any time, with an "
        "account or without one. You get a signed receipt of every choice and a signed proof of "
        "every deletion."
    ),
    "zh-hans": (
        "按照税法要求，您购买的内容会保存十年；在您要求删除数据之后，其中不再包含您的姓名。\n\n"
        "无论是否有账户，您都可以随时查看、更正、带走和删除本店保存的与您有关的数据。"
        "您的每一次选择都有签名的回执，每一次删除都有签名的证明。"
    ),
}
REPLACED = {
    "en": (
        "does not leave this shop.",
        "does not leave this shop, not even to those who run it for us.",
    ),
    "zh-hans": ("也不会离开本店。", "也不会离开本店，包括为本店提供技术服务的公司。"),
}


def second_version() -> dict[str, dict[str, str]]:
    """Return the texts by language: one sentence reworded, two paragraphs added."""
    texts = {}
    for language, added in ADDED.items():
        text = dict(consent_settings.POLICY[language])
        body = text["body"].replace(*REPLACED[language])
        texts[language] = {**text, "body": f"{body}\n\n{added}"}
    return texts
