"""The whole job on small data: what it publishes, what it says, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommender.serving.folder import check_answers, load
from recommender.training.arrays import read_manifest
from recommender.training.job import JobError, JobSettings, Progress, main, run_job
from recommender.training.served import evaluate_published
from tests.recommender.synthetic import DAY, cycles, habits, manifest

N = 40


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], list[str]]:
    """Train once on circles with a clock; return the folder, the card and the states reported."""
    place = tmp_path_factory.mktemp("job")
    rows = cycles(300, n=N, length=9)
    manifest(place / "manifest", rows, n=N, step=2 * DAY, timed=True)
    states: list[str] = []

    def note(progress: Progress) -> None:
        states.append(f"{progress.state}: {progress.message}")

    settings = JobSettings(cpu_seconds=None, epochs=12)
    card = run_job(place / "manifest", place / "run", settings, callback=note)
    return place, card, states


def test_the_served_scorer_reproduces_the_offline_mix(
    trained: tuple[Path, dict[str, Any], list[str]],
) -> None:
    _, card, _ = trained
    test = card["metrics"]["test"]
    assert card["metrics"]["served_agrees"]
    assert test["served"]["ndcg@10"] == pytest.approx(test["mix"]["ndcg@10"], rel=0.01)
    assert test["attention"]["hr@10"] > 0.9
    assert test["mix"]["ndcg@10"] > 0.9


def test_the_card_says_what_was_done(
    trained: tuple[Path, dict[str, Any], list[str]],
) -> None:
    place, card, _ = trained
    assert card == json.loads((place / "run" / "card.json").read_text())
    assert sum(card["weights"].values()) == pytest.approx(1)
    assert card["attention"]["network"]["timed"] is True
    assert card["attention"]["training"]["seed"] == 0
    assert card["seen_filter"] is True
    assert card["repeat_rate"] == 0
    assert card["cpu_seconds"] > 0
    assert card["metrics"]["cases"] == {"test": 300, "validation": 300}


def test_progress_tells_the_stages(trained: tuple[Path, dict[str, Any], list[str]]) -> None:
    place, _, states = trained
    assert states[0] == "running: reading"
    assert states[-1] == "finished: published"
    assert any(state.startswith("running: training") for state in states)
    written = json.loads((place / "run" / "progress.json").read_text())
    assert written["state"] == "finished"


def test_the_published_folder_answers_and_repeats_itself(
    trained: tuple[Path, dict[str, Any], list[str]],
) -> None:
    place, _, _ = trained
    published = load(place / "run" / "published")
    check_answers(published)
    ranked = published.rank([3, 4, 5], [6 * DAY, 4 * DAY, 2 * DAY], k=5)
    assert ranked.items[0] == 6
    assert published.products[ranked.items[0]] == 1006


def test_published_counts_hold_the_held_out_events_too(
    trained: tuple[Path, dict[str, Any], list[str]],
) -> None:
    place, _, _ = trained
    everything = read_manifest(place / "manifest").items
    served = load(place / "run" / "published").popular(1)
    assert served.items[0] == np.bincount(everything).argmax() or served.scores[0] > 1 / N


def test_a_finished_run_is_not_run_again(
    trained: tuple[Path, dict[str, Any], list[str]],
) -> None:
    place, card, _ = trained
    before = (place / "run" / "published" / "meta.json").stat().st_mtime_ns
    assert run_job(place / "manifest", place / "run") == card
    assert (place / "run" / "published" / "meta.json").stat().st_mtime_ns == before


@pytest.mark.deep
def test_a_killed_run_continues_to_the_same_model(
    trained: tuple[Path, dict[str, Any], list[str]], tmp_path: Path
) -> None:
    place, card, _ = trained

    class Killed(BaseException):
        pass

    def kill(progress: Progress) -> None:
        if progress.message == "weighing":
            raise Killed

    settings = JobSettings(cpu_seconds=None, epochs=12)
    with pytest.raises(Killed):
        run_job(place / "manifest", tmp_path / "run", settings, callback=kill)
    assert not (tmp_path / "run" / "published").exists()
    again = run_job(place / "manifest", tmp_path / "run", settings)
    assert again["weights"] == card["weights"]
    assert again["metrics"] == card["metrics"]
    first, second = (load(p / "run" / "published").meta.files for p in (place, tmp_path))
    assert first["vectors.npy"] == second["vectors.npy"]


def test_another_manifest_is_matched_by_product_ids(
    trained: tuple[Path, dict[str, Any], list[str]],
) -> None:
    place, card, _ = trained
    published = load(place / "run" / "evaluation")
    found = evaluate_published(published, read_manifest(place / "manifest"))
    assert found["ndcg@10"] == pytest.approx(card["metrics"]["test"]["served"]["ndcg@10"])
    late = evaluate_published(published, read_manifest(place / "manifest"), after=10**12)
    assert late["cases"] == 0


def test_habits_are_carried_by_repeats(tmp_path: Path) -> None:
    # given shoppers who come back to a few favorites of sixty, some more often than others
    rows = habits(300, n=60, length=16)
    manifest(tmp_path / "manifest", rows, n=60, step=2 * DAY, timed=True)
    card = run_job(tmp_path / "manifest", tmp_path / "run", JobSettings(cpu_seconds=25))
    test = card["metrics"]["test"]
    assert card["seen_filter"] is False
    assert card["repeat_rate"] > 0.5
    assert max(card["weights"], key=lambda name: card["weights"][name]) == "repeats"
    assert test["repeats"]["ndcg@10"] > 1.2 * test["transitions"]["ndcg@10"]
    assert test["repeats"]["ndcg@10"] > 2 * test["popularity"]["ndcg@10"]
    assert test["mix"]["ndcg@10"] > 0.6
    assert card["metrics"]["served_agrees"]


@pytest.mark.parametrize(
    ("rows", "n"), [([[0]], 1), ([[0, 0, 0]], 1), ([[0, 1, 2]], 3), ([[0]] * 30, 2)]
)
def test_tiny_data_publishes_a_model_without_attention(
    tmp_path: Path, rows: list[list[int]], n: int
) -> None:
    manifest(tmp_path / "manifest", rows, n=n)
    card = run_job(tmp_path / "manifest", tmp_path / "run", JobSettings(cpu_seconds=30))
    assert card["weights"]["attention"] == 0
    assert card["notes"][0].startswith("Attention was not trained")
    published = load(tmp_path / "run" / "published")
    assert published.popular(5).items.tolist()[0] == 0
    assert len(published.rank([0], [5.0], k=5).items) <= n
    assert len(published.related(0, k=5).items) == n - 1


@pytest.mark.parametrize(("n", "message"), [(0, "holds no events"), (3, "holds no events")])
def test_an_empty_manifest_fails_with_a_sentence(tmp_path: Path, n: int, message: str) -> None:
    manifest(tmp_path / "manifest", [], n=n)
    with pytest.raises(JobError, match=message):
        run_job(tmp_path / "manifest", tmp_path / "run")
    written = json.loads((tmp_path / "run" / "progress.json").read_text())
    assert written["state"] == "failed"
    assert message in written["message"]
    assert not (tmp_path / "run" / "published").exists()


def test_the_command_line_reports_a_missing_manifest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nothing"), str(tmp_path / "run")]) == 1
    assert "manifest.json does not exist" in capsys.readouterr().err
    assert json.loads((tmp_path / "run" / "progress.json").read_text())["state"] == "failed"
