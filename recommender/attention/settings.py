"""How a network is trained."""

from __future__ import annotations

from dataclasses import dataclass

SAMPLES = ("positions", "prefixes")
LOSSES = ("sampled", "full", "gbce", "bce", "mse")
BINARY = ("gbce", "bce")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSettings:
    """How a network is trained; a setting that would have no effect is refused.

    Attributes:
        epochs: passes over the data at most.
        cpu_seconds: CPU time of the process that training may use, validation included; the
            schedule ends with it. None means that ``epochs`` alone shapes the schedule. On an
            accelerator it is the time of the clock on the wall.
        batch: windows in a batch.
        learning_rate: peak of the schedule.
        warmup: steps of linear growth.
        weight_decay: of AdamW.
        samples: "positions" or "prefixes", see `recommender.attention.dataset.SequenceDataset`.
        loss: one of `LOSSES`, see `recommender.attention.losses`.
        negatives: wrong items compared with each right one; the full softmax takes all.
        shared: whether a batch shares its negatives, or each target draws its own; only the binary
            losses can draw their own.
        hardest: negatives with the highest scores that the sampled softmax keeps for each target;
            0 keeps all.
        calibration: t of the calibrated binary loss, from 0 (as "bce") to 1 (as without sampling).
        doubt: weight of the wrong items, all together, in "mse".
        contrast: weight of the contrastive loss; 0 leaves it out.
        masking: share of the events that are hidden when an encoder reads in both directions.
        pretrain: share of the run, of epochs and of time, in which a causal encoder first learns
            to find hidden events while it reads in both directions.
        average: decay of the moving average of the weights that is judged and kept; 0 keeps the
            weights themselves.
        clip: largest norm of the gradient.
        evaluations: validations over the whole run.
        patience: validations without a new best before training stops.
        checkpoint_seconds: CPU time between checkpoints.
        seed: of everything random.
    """

    epochs: int = 60
    cpu_seconds: float | None = None
    batch: int = 128
    learning_rate: float = 4e-3
    warmup: int = 100
    weight_decay: float = 0.01
    samples: str = "positions"
    loss: str = "sampled"
    negatives: int = 1024
    shared: bool = True
    hardest: int = 0
    calibration: float = 0.75
    doubt: float = 1.0
    contrast: float = 0.0
    masking: float = 0.2
    pretrain: float = 0.0
    average: float = 0.0
    clip: float = 1.0
    evaluations: int = 10
    patience: int = 3
    checkpoint_seconds: float = 15.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse unknown choices, and choices that the loss would ignore.

        Raises:
            ValueError: with the reason.
        """
        if self.loss not in LOSSES:
            raise ValueError(f"loss {self.loss!r} is not one of {', '.join(LOSSES)}")
        if self.samples not in SAMPLES:
            raise ValueError(f"samples {self.samples!r} is not one of {', '.join(SAMPLES)}")
        if not self.shared and self.loss not in BINARY:
            raise ValueError(f"the loss {self.loss!r} shares its negatives in a batch")
        if self.hardest and self.loss != "sampled":
            raise ValueError(f"the loss {self.loss!r} does not choose the hardest negatives")
        for name in ("calibration", "masking"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1")
        for name in ("pretrain", "average"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 0 and below 1")
        if min(self.contrast, self.doubt, self.hardest) < 0:
            raise ValueError("contrast, doubt and hardest must not be negative")
