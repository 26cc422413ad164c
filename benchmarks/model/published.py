"""Scores in print and bars, each beside its own data set alone: keyed by the data's digest."""

from __future__ import annotations

from benchmarks.report import Row

BEAUTY = "226cce9c3105299ca0db9615d7d3fb32b3175e90da43100ae352599f0f0107b8"
DIGINETICA = "444b8c01adebf7d2467e697435fdeb5f8f99ba7779227f0d82d7595ce4f62e3e"
MOVIELENS = "2e15fe46c72d37fe7395384041ed87ad1c4bccaf3d1dc961451e7cc40e547542"

Scores = dict[str, float]

PUBLISHED: dict[str, dict[str, Scores]] = {
    BEAUTY: {
        "SASRec, original BCE": {"ndcg@10": 0.0318, "hr@10": 0.0605},
        "DuoRec": {"ndcg@10": 0.0443, "hr@10": 0.0845},
        "HSTU, rerun": {"ndcg@10": 0.0439, "hr@10": 0.0788},
        "FuXi-alpha, rerun": {"ndcg@10": 0.0451, "hr@10": 0.0809},
        "SASRec + sampled softmax": {"ndcg@10": 0.0531, "hr@10": 0.0921},
        "eSASRec": {"ndcg@10": 0.0523, "hr@10": 0.0928},
        "ICSRec": {"ndcg@10": 0.0578, "hr@10": 0.0959},
        "ELECRec": {"ndcg@10": 0.0587, "hr@10": 0.0964},
        "FICLRec": {"ndcg@10": 0.0606, "hr@10": 0.1007},
        "BSARec": {"ndcg@10": 0.0611, "hr@10": 0.1008},
        "KERec": {"ndcg@10": 0.0623, "hr@10": 0.1050},
    },
    DIGINETICA: {
        "SR-GNN": {"p@20": 0.507, "mrr@20": 0.176},
        "GCE-GNN": {"p@20": 0.542, "mrr@20": 0.190},
    },
    MOVIELENS: {
        "SASRec, 1 negative": {"ndcg@10": 0.1428},
        "gSASRec, 256 negatives": {"ndcg@10": 0.1974},
    },
}

BARS: dict[str, dict[str, Scores]] = {
    BEAUTY: {
        "bar": {"ndcg@10": 0.062, "hr@10": 0.104},
        "target, any budget": {"ndcg@10": 0.065, "hr@10": 0.110},
    },
    DIGINETICA: {"bar": {"p@20": 0.530, "mrr@20": 0.180}},
    MOVIELENS: {"bar": {"ndcg@10": 0.195}},
}


def published_rows(digest: str) -> list[Row]:
    """Return the scores in print for a known data set; none for any other."""
    return [Row(name, "published", scores) for name, scores in PUBLISHED.get(digest, {}).items()]


def bar_rows(digest: str, ours: Scores) -> list[Row]:
    """Return the bars of a known data set, each named by what ``ours`` made of it."""
    return [
        Row(f"{name}: {verdict(scores, ours)}", "bar", scores)
        for name, scores in BARS.get(digest, {}).items()
    ]


def verdict(bar: Scores, ours: Scores) -> str:
    """Return which metrics meet the bar and by how much the others miss it."""
    parts = []
    for name, least in bar.items():
        reached = ours.get(name, 0.0)
        missed = f"missed by {least - reached:.4f}"
        parts.append(f"{name} {'met' if reached >= least else missed}")
    return ", ".join(parts)
