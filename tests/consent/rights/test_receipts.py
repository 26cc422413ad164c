"""Receipts: what they say, that anybody can verify them, and that nobody can change them."""

from __future__ import annotations

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.contrib.sites.models import Site
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from consent import key_rotation, keys
from consent.models import Decision, Shopper
from consent.signed_file import BadFile, read_file, sign_file
from tests.consent.support import History

pytestmark = pytest.mark.django_db
VERIFY = "/attention/verify/"


@pytest.fixture
def receipts(browser: Client, site: Site) -> list[bytes]:
    """The receipts of a person who accepted, switched training off, and said no."""
    browser.post("/attention/consent/", {"choice": "remember"})
    first = browser.get("/attention/rights/receipts/1/")
    assert first["Cache-Control"] == "private, no-store"
    form = {"action": "purposes", "purposes": ["analytics", "recs.personal"], "seen": "remember.1"}
    browser.post("/attention/preferences/", form)
    second = browser.get("/attention/rights/receipts/2/")
    return [first.content, second.content]


def processes(receipt: bytes) -> dict[str, str]:
    record = json.loads(receipt)["signed"]["dpv:hasRecordOfActivity"]
    return {
        each["dct:identifier"]: each["dpv:hasConsentStatus"]["@type"]
        for each in record["dpv:hasProcess"]
    }


def verified(browser: Client, text: bytes | str) -> Any:
    return browser.post(VERIFY, {"text": text.decode() if isinstance(text, bytes) else text})


def test_a_receipt_says_what_was_decided_on_which_text(
    browser: Client, receipts: list[bytes]
) -> None:
    signed = json.loads(receipts[0])["signed"]
    row = Decision.objects.get(sequence=1)

    assert signed["@type"] == "dpv:ConsentReceipt"
    assert signed["dct:identifier"] == "receipt-1-1"
    assert signed["dct:conformsTo"].startswith("https://w3id.org/dpv/schema/dpv-27560#receipt")
    assert signed["@id"] == "https://shop.example/attention/rights/receipts/1/"
    assert signed["dct:publisher"]["@type"] == "dpv:DataController"
    assert signed["ledger"] == {
        "format": 1,
        "site": 1,
        "sequence": 1,
        "hash": row.hash,
        "previous_hash": "0" * 64,
    }
    record = signed["dpv:hasRecordOfActivity"]
    assert record["dpv:hasDataSubject"]["dct:identifier"] == row.subject
    assert record["dpv:hasNotice"]["sha256"] == row.policy
    assert record["dpv:hasNotice"]["dct:hasVersion"] == 1
    assert record["dct:created"] == row.recorded_at.isoformat(timespec="seconds")
    assert {each["@type"] for each in record["dpv:hasRight"]} >= {"eu-gdpr:A7-3", "eu-gdpr:A17"}
    status = record["dpv:hasProcess"][0]["dpv:hasConsentStatus"]
    assert (status["dpv:isIndicatedBy"], status["dpv:hasIndicationMethod"]) == (
        "dpv:DataSubject",
        "banner",
    )


def test_a_receipt_tells_given_withdrawn_and_resting_apart(
    browser: Client, receipts: list[bytes]
) -> None:
    browser.post("/attention/rights/restrict/")
    third = browser.get("/attention/rights/receipts/3/").content

    assert set(processes(receipts[0]).values()) == {"dpv:ConsentGiven"}
    assert processes(receipts[1]) == {
        "analytics": "dpv:ConsentGiven",
        "recs.personal": "dpv:ConsentGiven",
        "model.train": "dpv:ConsentWithdrawn",
    }
    assert set(processes(third).values()) == {"dpv:ConsentStatusInvalidForProcessing"}
    assert sorted(processes(third)) == ["analytics", "recs.personal"]


def test_a_receipt_holds_no_key_of_the_person(receipts: list[bytes]) -> None:
    shopper = Shopper.objects.get()

    for receipt in receipts:
        assert str(shopper.pk).encode() not in receipt
        assert shopper.pk.hex.encode() not in receipt


def test_the_page_verifies_what_is_pasted_or_uploaded(
    browser: Client, receipts: list[bytes]
) -> None:
    anybody = Client(headers={"Origin": "http://testserver"})

    pasted = verified(anybody, receipts[0]).content.decode()
    pretty = verified(anybody, json.dumps(json.loads(receipts[0]), indent=4)).content.decode()
    file = SimpleUploadedFile("receipt.json", receipts[1])
    uploaded = anybody.post(VERIFY, {"document": file})

    for page in (pasted, pretty, uploaded.content.decode()):
        assert "Genuine" in page
        assert "is in the ledger, unchanged" in page
    assert not uploaded.cookies
    assert uploaded["Cache-Control"] == "private, no-store"


def test_a_changed_receipt_is_found(browser: Client, receipts: list[bytes]) -> None:
    row = json.loads(receipts[0])
    changes: list[Any] = [
        {**row, "signed": {**row["signed"], "dct:created": "2020-01-01T00:00:00+00:00"}},
        {**row, "kid": "other"},
        {**row, "algorithm": "none"},
        {**row, "signature": "A" * 86 + "=="},
    ]

    for changed in changes:
        page = verified(browser, json.dumps(changed)).content.decode()
        assert "Not genuine" in page
        assert "Genuine:" not in page


def test_a_receipt_whose_row_is_gone_is_told(
    browser: Client, receipts: list[bytes], unguarded_ledger: None
) -> None:
    Decision.objects.filter(sequence=1).update(hash="f" * 64)

    page = verified(browser, receipts[0]).content.decode()

    assert "does not hold the decision" in page


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "{}",
        "[]",
        "null",
        '{"signed": []}',
        '{"signed": {}, "signature": 1}',
        "[" * 9000,
        '{"signed": {"a": NaN}, "kid": "a", "algorithm": "b", "signature": ""}',
        "\x00",
        "é" * 100,
    ],
)
def test_what_is_no_document_is_a_calm_400(browser: Client, site: Site, text: str) -> None:
    response = verified(browser, text)

    assert response.status_code == 400
    assert "no signed document" in response.content.decode()


def test_a_large_text_is_refused(browser: Client, site: Site) -> None:
    assert verified(browser, "x" * 70_000).status_code == 400


def test_only_the_shops_own_page_sends_the_form(receipts: list[bytes]) -> None:
    foreign = Client(headers={"Origin": "https://evil.test"})

    assert verified(foreign, receipts[0]).status_code == 403


def run_shown(browser: Client, block: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the commands the page shows, as a person would paste them."""
    page = browser.get(VERIFY).content.decode()
    found = re.search(rf'id="{block}">(.*?)</pre>', page, re.DOTALL)
    assert found is not None
    commands = "set -e\n" + html.unescape(found[1])
    return subprocess.run(
        ["bash", "-c", commands], cwd=folder, capture_output=True, text=True, check=False
    )


def key_of(browser: Client, kid: str) -> bytes:
    page = browser.get(VERIFY).content.decode()
    assert f"/attention/keys/{kid}.pem" in page
    return browser.get(f"/attention/keys/{kid}.pem").content


def test_openssl_verifies_a_receipt(browser: Client, receipts: list[bytes], tmp_path: Path) -> None:
    (tmp_path / "receipt.json").write_bytes(receipts[0])
    (tmp_path / "key.pem").write_bytes(key_of(browser, json.loads(receipts[0])["kid"]))

    done = run_shown(browser, "openssl-receipt", tmp_path)

    assert done.returncode == 0, done.stderr
    assert "Signature Verified Successfully" in done.stdout

    # And one byte more or less is found
    changed = receipts[0].replace(b"dpv:ConsentGiven", b"dpv:ConsentTaken")
    (tmp_path / "receipt.json").write_bytes(changed)
    assert run_shown(browser, "openssl-receipt", tmp_path).returncode != 0


def test_openssl_and_the_page_verify_a_proof_of_deletion(
    browser: Client, site: Site, history: History, tmp_path: Path
) -> None:
    # Given a person who had everything deleted
    browser.post("/attention/consent/", {"choice": "remember"})
    location = browser.post("/attention/rights/erase/")["Location"]
    proof = location.split("proof=")[1]
    document = browser.get(f"/attention/proofs/{proof}/proof.json").content
    signature = browser.get(f"/attention/proofs/{proof}/proof.sig").content

    # Then openssl and the page find it genuine
    (tmp_path / "deletion-proof.json").write_bytes(document)
    (tmp_path / "deletion-proof.sig").write_bytes(signature)
    (tmp_path / "key.pem").write_bytes(key_of(browser, keys.keyring().first.kid))
    done = run_shown(browser, "openssl-proof", tmp_path)
    assert done.returncode == 0, done.stderr
    files = {
        "document": SimpleUploadedFile("deletion-proof.json", document),
        "signature": SimpleUploadedFile("deletion-proof.sig", signature),
    }
    assert "Genuine" in browser.post(VERIFY, files).content.decode()

    # And a changed one not
    files = {
        "document": SimpleUploadedFile("deletion-proof.json", document + b" "),
        "signature": SimpleUploadedFile("deletion-proof.sig", signature),
    }
    assert "Not genuine" in browser.post(VERIFY, files).content.decode()


def test_a_receipt_outlives_the_secret_of_its_key(
    browser: Client, receipts: list[bytes], settings: Any
) -> None:
    # Given the key that signed it was rotated away and destroyed
    old = keys.keyring().first
    new = keys.generate("k-new")
    public = key_rotation.base64.b64encode(key_rotation.public_half(old)).decode()
    settings.ATTENTION_CONSENT = {
        **settings.ATTENTION_CONSENT,
        "KEYS": [new, {"kid": old.kid, "public": public}],
    }

    assert "Genuine" in verified(browser, receipts[0]).content.decode()
    assert browser.get(f"/attention/keys/{old.kid}.pem").status_code == 200
    assert browser.get("/attention/keys/nobody.pem").status_code == 404


JSON = st.recursive(
    st.text() | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@hypothesis.settings(deadline=None)
@given(st.dictionaries(st.text(min_size=1), JSON, max_size=4))
def test_every_document_reads_back_as_it_was_signed(content: dict[str, Any]) -> None:
    made = sign_file({**content, "type": "test/1"})

    read = read_file(made.to_bytes())

    assert read == made
    assert read.is_genuine
    assert made.to_bytes().split(b"\n")[1] == made.payload


def test_a_document_names_its_type() -> None:
    with pytest.raises(ValueError, match="type"):
        sign_file({"a": 1})
    with pytest.raises(BadFile):
        read_file("{")
