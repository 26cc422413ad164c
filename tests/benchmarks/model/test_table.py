"""What stands in the table: means over seeds, bars, kept answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.model.cache import Cache, Kept, code_digest
from benchmarks.model.protocols import LEAVE_ONE_OUT, SESSIONS
from benchmarks.model.published import BEAUTY, bar_rows, published_rows, verdict
from benchmarks.model.seeds import over_seeds
from benchmarks.report import Row, table


def test_seeds_become_means_with_their_spread() -> None:
    tables = [
        [Row("shop", "ours", {"ndcg@10": value, "cases": 7, "cpu_s": spent})]
        for value, spent in ((0.1, 10.0), (0.3, 30.0))
    ]

    (row,) = over_seeds(tables)

    assert row.metrics == pytest.approx(
        {"ndcg@10": 0.2, "ndcg@10 sd": 0.1414213562, "cases": 7, "cpu_s": 20.0}
    )
    assert "| 7     |" in table([row])
    assert over_seeds(tables[:1])[0].metrics == {"ndcg@10": 0.1, "cases": 7, "cpu_s": 10.0}


def test_a_bar_says_what_is_missed_and_by_how_much() -> None:
    assert verdict({"ndcg@10": 0.062, "hr@10": 0.104}, {"ndcg@10": 0.0611, "hr@10": 0.104}) == (
        "ndcg@10 missed by 0.0009, hr@10 met"
    )
    bar, target = bar_rows(BEAUTY, {"ndcg@10": 0.063, "hr@10": 0.105})
    assert (bar.name, bar.role) == ("bar: ndcg@10 met, hr@10 met", "bar")
    assert target.name == "target, any budget: ndcg@10 missed by 0.0020, hr@10 missed by 0.0050"


def test_other_data_has_no_published_rows() -> None:
    assert len(published_rows(BEAUTY)) == 11
    assert published_rows("0" * 64) == bar_rows("0" * 64, {}) == []


def test_metrics_count_unknown_targets_as_misses() -> None:
    ranks = np.array([0.0, 1.0, 20.0])

    assert SESSIONS.score(ranks, unknown=1) == {"p@20": 0.5, "mrr@20": 0.375}
    assert LEAVE_ONE_OUT.score(ranks[:1]) == {"ndcg@10": 1.0, "hr@10": 1.0}


def test_an_answer_is_asked_for_once(tmp_path: Path) -> None:
    asked: list[int] = []

    def ask() -> Kept:
        asked.append(1)
        return Kept([Row("shop", "ours", {"ndcg@10": 0.1, "cases": 3})], ["a note"])

    cache, code = Cache(tmp_path / "new"), ("benchmarks/model",)
    first = cache.answer({"seed": 0}, code, ask)
    again = cache.answer({"seed": 0}, code, ask)

    assert first == again == Kept([Row("shop", "ours", {"ndcg@10": 0.1, "cases": 3})], ["a note"])
    assert len(asked) == 1

    cache.answer({"seed": 1}, code, ask)
    cache.answer({"seed": 0}, ("recommender/baselines",), ask)
    Cache(tmp_path / "new", reads=False).answer({"seed": 0}, code, ask)
    Cache(None).answer({"seed": 0}, code, ask)
    assert len(asked) == 5

    for path in (tmp_path / "new").iterdir():
        path.write_text("{")
    cache.answer({"seed": 0}, code, ask)
    assert len(asked) == 6


def test_the_code_is_part_of_the_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.model.cache.ROOT", tmp_path)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("x = 1\n")
    before = code_digest.__wrapped__(("code",))

    (tmp_path / "code" / "a.py").write_text("x = 2\n")

    assert code_digest.__wrapped__(("code",)) != before
