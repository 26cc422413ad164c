"""Small sources, written where the test can change them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sites.models import Site

PRODUCT_HEADER = (
    "product_id,manufacturer_id,department,brand,product_category,product_type,package_size"
)
SALE_HEADER = (
    "household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_disc,"
    "coupon_match_disc,week,transaction_timestamp"
)
PRODUCTS = (
    "25671,2,GROCERY,National,FRZN ICE,ICE - CRUSHED/CUBED,22 LB",
    "900,2,GROCERY,Private,SOFT DRINKS,SFT DRNK 2 LITER BTL CARB INCL,2 L",
    "901,2,GROCERY,Private,SOFT DRINKS,TEA UNSWEETENED,",
    "902,2,DRUG GM,National,ANTACIDS,ANTI-ACIDS,24 CT",
    "999,2,GROCERY,National,CHEESE,SHREDDED CHEESE,8 OZ",
)
SALES = (
    "7,1,501,25671,2,4.00,0,0,0,1,2017-01-02 10:00:00",
    "7,1,501,900,1,1.29,0,0,0,1,2017-01-02 10:00:00",
    "8,1,502,25671,1,3.00,0,0,0,1,2017-01-03 12:30:00",
    "8,1,503,25671,1,2.50,0,0,0,1,2017-01-04 12:30:00",
    "8,1,503,902,1,5.50,0,0,0,1,2017-01-04 12:30:00",
    "9,1,504,901,0,1.00,0,0,0,1,2017-01-04 13:00:00",
    "9,1,504,900,1,0.00,0,0,0,1,2017-01-04 13:00:00",
    "9,1,504,12345,1,1.00,0,0,0,1,2017-01-04 13:00:00",
    "9,1,504,900,one,1.00,0,0,0,1,2017-01-04 13:00:00",
    "9,1,504,900,1,1.00,0,0,0,1,last week",
    ",1,504,900,1,1.00,0,0,0,1,2017-01-04 13:00:00",
)

HEADER = {"type": "header", "format": "attention-jsonl", "version": 1, "source": "old-shop"}


def _gz(path: Path, lines: Sequence[str]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


@pytest.fixture
def grocery_folder(tmp_path: Path) -> Path:
    """Two households with sales, and a row for every cause of refusal."""
    _gz(tmp_path / "products.csv.gz", (PRODUCT_HEADER, *PRODUCTS))
    _gz(tmp_path / "transactions.csv.gz", (SALE_HEADER, *SALES))
    return tmp_path


@pytest.fixture
def jsonl_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of the format: lines as dictionaries or as raw text."""

    def write(
        *lines: Mapping[str, Any] | str,
        name: str = "shop.jsonl",
        header: Mapping[str, Any] | None = HEADER,
    ) -> Path:
        path = tmp_path / name
        rows = ([header] if header is not None else []) + list(lines)
        path.write_text(
            "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows),
            encoding="utf-8",
        )
        return path

    return write


@pytest.fixture
def site(db: None) -> Site:
    return Site.objects.get(pk=1)
