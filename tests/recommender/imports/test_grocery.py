from __future__ import annotations

import pytest

from recommender.imports import grocery


@pytest.mark.parametrize(
    ("kind", "category", "department", "told"),
    [
        ("ICE - CRUSHED/CUBED", "FRZN ICE", "GROCERY", "Frozen ice, crushed/cubed"),
        ("FRZN FRENCH FRIES", "FRZN POTATOES", "GROCERY", "Frozen french fries"),
        ("PREMIUM", "BACON", "MEAT-PCKGD", "Bacon, premium"),
        ("BREAD:ITALIAN/FRENCH", "BREAD", "PASTRY", "Bread, italian/french"),
        ("BEERALEMALT LIQUORS", "BEERS/ALES", "GROCERY", "Beer, ale and malt liquor"),
        ("BBQ SAUCE", "CONDIMENTS/SAUCES", "GROCERY", "BBQ sauce"),
        ("TOYS AND GAMES", "TOYS AND GAMES", "DRUG GM", "Toys and games"),
        ("", "CHEESE", "GROCERY", "Cheese"),
        ("", "", "CHEF SHOPPE", "Chef shoppe"),
        ("", "", "", "Other"),
    ],
)
def test_shorthand_is_told_to_people(kind: str, category: str, department: str, told: str) -> None:
    assert grocery.noun(kind=kind, category=category, department=department) == told


@pytest.mark.parametrize(
    ("size", "told"),
    [
        ("22 LB", "22 lb"),
        ("L     8 OZ", "8 oz"),
        ("13    OZ", "13 oz"),
        ("10.75 OZ", "10.75 oz"),
        ("6 PK/4 OZ", "6 pk"),
        ("970681  PK", ""),
        ("CTN", ""),
        ("", ""),
    ],
)
def test_sizes_are_told_without_codes(size: str, told: str) -> None:
    assert grocery.readable_size(size) == told


def test_what_was_cut_off_is_left_out() -> None:
    known = grocery.complete_words(["RED APPLES", "MUSTARD", "WAFFLES/PANCAKES AND SYRUP OF MAPLE"])

    assert "MAPLE" not in known
    assert grocery.mended("RED APPLES", known) == "RED APPLES"
    assert grocery.mended("APPLES RED DELICIOUS (BULK&BAG", known) == "APPLES RED DELICIOUS "
    assert grocery.mended("HOT RED MUSTARD AND RED MUSTAR", known) == "HOT RED MUSTARD AND RED "


def test_what_no_shop_shows_is_unlisted() -> None:
    assert grocery.is_listed("GROCERY", "CHEESE")
    assert not grocery.is_listed("FUEL", "FUEL")
    assert not grocery.is_listed("GROCERY", "COUPON/MISC ITEMS")


def test_pictures_follow_category_then_department() -> None:
    def picture(department: str, category: str) -> str:
        return grocery.picture_path(department, category).rsplit("-", 1)[1]

    assert picture("DRUG GM", "HAIR CARE PRODUCTS") == "care.svg"
    assert picture("GROCERY", "AIR CARE") == "household.svg"
    assert picture("GROCERY", "FRZN POTATOES") == "frozen.svg"
    assert picture("PRODUCE", "GRAPES") == "produce.svg"
    assert picture("NOBODY KNOWS", "NOTHING") == "general.svg"
