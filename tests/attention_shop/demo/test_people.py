"""People of the demo decide, ask and are answered, once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.contrib.auth.models import User
from django.contrib.sites.models import Site
from django.test import Client
from django.utils import timezone

from attention_shop.demo.filling import Marker, fill_people
from attention_shop.demo.guide import guide
from attention_shop.demo.people import GUEST, let_people_act
from attention_shop.storefront.management.commands.demo_accounts import OFFICER, SHOPPER
from attention_shop.storefront.orders.models import Order
from consent.erasure.proofs import read_proof
from consent.erasure.tombstones import read_tombstones
from consent.holdings import Account
from consent.ledger.models import Decision
from consent.ledger.verify import verify
from consent.models import ConsentState
from consent.policies.models import PolicyVersion
from consent.rights.models import DataRequest, Door, State
from consent.rights.people import Person
from consent.rights.selectors import decisions_of, requests_of
from consent.selectors import account_shopper
from consent.staff.models import Access


def _robin(site: Site) -> Person:
    user = User.objects.get(username=SHOPPER)
    shopper = account_shopper(site_id=site.pk, user=user)
    assert shopper is not None
    return Person(site.pk, Door.ACCOUNT, shopper.pk, Account(site.pk, user.pk), mail=user.email)


def _counts() -> dict[str, int]:
    models = (PolicyVersion, Decision, DataRequest, Access, Order, ConsentState)
    return {model.__name__: model.objects.count() for model in models}


def test_decisions_of_every_kind_rest_on_two_versions_in_two_languages(stocked: Site) -> None:
    let_people_act(site=stocked)

    versions = PolicyVersion.objects.order_by("number", "language")
    assert [(each.number, each.language, each.is_material) for each in versions] == [
        (1, "en", False),
        (1, "zh-hans", False),
        (2, "en", False),
        (2, "zh-hans", False),
    ]
    texts = {(each.number, each.language): each for each in versions}
    for language in ("en", "zh-hans"):
        assert texts[1, language].notice == texts[2, language].notice
        assert texts[1, language].body != texts[2, language].body
    kinds = set(Decision.objects.values_list("kind", flat=True))
    assert kinds == {"granted", "changed", "withdrawn", "erased", "linked"}
    restricted = [row for row in Decision.objects.all() if "restricted" in row.details]
    assert [row.kind for row in restricted] == ["changed"]
    assert set(Decision.objects.values_list("language", flat=True)) == {"en", "zh-hans"}
    assert Decision.objects.filter(gpc=True).count() == 1
    assert verify().faults == ()


def test_the_shopper_has_receipts_and_requests_done_refused_and_nearly_late(
    stocked: Site,
) -> None:
    let_people_act(site=stocked)

    robin = _robin(stocked)
    kinds = [row.kind for row in decisions_of(person=robin)]
    assert kinds == ["changed", "withdrawn", "linked", "granted"]
    asked = {each.state: each for each in requests_of(person=robin) if each.kind == "correct"}
    assert set(asked) == {State.DONE, State.REFUSED, State.VERIFIED}
    assert "tax law" in asked[State.REFUSED].reason
    late = asked[State.VERIFIED]
    assert timezone.now() < late.due_at < timezone.now() + timedelta(days=7)
    look = Access.objects.get()
    assert (look.role, look.staff) == (
        "Privacy officer",
        str(User.objects.get(username=OFFICER).pk),
    )
    assert late.reference in look.reason
    assert Order.objects.get(email=GUEST).user_id is None
    assert Order.objects.exclude(email=GUEST).get().user_id == User.objects.get(username=SHOPPER).pk


def test_one_person_is_erased_and_the_guide_leads_to_the_genuine_proof(
    stocked: Site, admin_client: Client
) -> None:
    proof_id = let_people_act(site=stocked)

    proof = read_proof(proof_id)
    assert proof is not None
    assert proof.is_genuine
    held = {each["label"]: each for each in proof.document["holdings"]}
    events = held["attention_recommender.events"]
    assert (events["before"], events["after"]) == (6, 0)
    assert any("necessary" in stone.purposes for stone in read_tombstones())
    text = guide(shop="http://shop", proof=proof_id, logins="shopper  robin  secret")
    assert "  shopper  robin  secret" in text
    addresses = [line.split("http://shop")[1] for line in text.splitlines() if "http://" in line]
    assert f"/attention/proofs/{proof_id}/" in addresses
    for address in addresses:
        assert admin_client.get(address).status_code == 200, address


def test_a_second_start_changes_nothing_and_a_lost_marker_publishes_nothing_new(
    stocked: Site, tmp_path: Path
) -> None:
    marker = Marker(tmp_path / "demo.json")
    marker.write("artificial shop")
    proof = fill_people(marker=marker, site=stocked)
    before = _counts()

    assert fill_people(marker=marker, site=stocked) == proof

    assert _counts() == before
    assert marker.read() == "artificial shop"

    decided = len(decisions_of(person=_robin(stocked)))
    let_people_act(site=stocked)
    assert set(PolicyVersion.objects.values_list("number", flat=True)) == {1, 2}
    assert len(decisions_of(person=_robin(stocked))) == decided == 4
