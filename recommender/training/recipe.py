"""Options of a training that are set by hand, in place of what the data suggests.

A recipe is a mapping of names to values: any field of `recommender.attention.config.NetworkConfig`
or `recommender.attention.settings.LoopSettings` that is an option, and three of its own:

==============  ==================================================================================
``inputs``      what is read of an event beside product, position and time: words of `INPUTS`
                with commas, or nothing. Without it, all that the data has.
``content``     whether products are also placed by their attributes.
``id_dropout``  share of the products that do without their own row in a step.
==============  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from recommender.attention.config import PRESETS, NetworkConfig
from recommender.attention.content.shape import ID_DROPOUT
from recommender.attention.settings import LoopSettings

INPUTS = ("kind", "dwell", "band")
NETWORK = frozenset(each.name for each in fields(NetworkConfig)) - {
    *("n", "timed"),  # the data's own
    *("kinds", "dwell", "bands", "content"),  # named by `inputs` and `content`
}
LOOP = frozenset(each.name for each in fields(LoopSettings)) - {"seed", "cpu_seconds"}
OWN = frozenset(("inputs", "content", "id_dropout"))
OPTIONS = tuple(sorted(NETWORK | LOOP | OWN))

_Options = TypeVar("_Options", NetworkConfig, LoopSettings)


class RecipeError(ValueError):
    """A recipe names no option, or gives one a value it cannot have; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What was set by hand.

    Attributes:
        network, loop: fields of the two settings, in their types.
        inputs: inputs to be read where the data has them.
        content: whether the content tower is built where attributes are known.
        id_dropout: see the module.
    """

    network: Mapping[str, Any] = field(default_factory=dict)
    loop: Mapping[str, Any] = field(default_factory=dict)
    inputs: frozenset[str] = frozenset(INPUTS)
    content: bool = True
    id_dropout: float = ID_DROPOUT

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Recipe:
        """Read ``options``: values of the right type, or texts of them.

        Raises:
            RecipeError: an unknown option, or a value that is none.
        """
        unknown = sorted(set(options) - set(OPTIONS))
        if unknown:
            raise RecipeError(f"{unknown[0]!r} is no option; known: {', '.join(OPTIONS)}.")
        template, loop = NetworkConfig(n=1), LoopSettings()
        return cls(
            network={
                name: _typed(template, name, options[name]) for name in options.keys() & NETWORK
            },
            loop={name: _typed(loop, name, options[name]) for name in options.keys() & LOOP},
            inputs=_inputs(options.get("inputs", ",".join(INPUTS))),
            content=_converted("content", options.get("content", True), bool),
            id_dropout=_share("id_dropout", options.get("id_dropout", ID_DROPOUT)),
        )

    def check(self, preset: str) -> None:
        """Find out before anything is counted whether the recipe can be used with a preset.

        Raises:
            RecipeError: it cannot.
        """
        self.shape(replace(PRESETS[preset], n=1))
        self.train(LoopSettings())

    def shape(self, config: NetworkConfig) -> NetworkConfig:
        """Return ``config`` as the recipe wants it.

        Raises:
            RecipeError: a value or a combination that is refused.
        """
        return _replaced(config, self.network)

    def train(self, settings: LoopSettings) -> LoopSettings:
        """Return ``settings`` as the recipe wants them.

        Raises:
            RecipeError: a value or a combination that is refused.
        """
        return _replaced(settings, self.loop)


def parse_options(pairs: Iterable[str]) -> dict[str, str]:
    """Return the options of texts ``name=value``.

    Raises:
        RecipeError: a text without ``=``.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise RecipeError(f"{pair!r} is not of the form name=value.")
        found[name.strip()] = value.strip()
    return found


def _replaced(options: _Options, changes: Mapping[str, Any]) -> _Options:
    try:
        return replace(options, **changes)
    except ValueError as error:
        raise RecipeError(f"The recipe cannot be used: {error}.") from error


def _typed(template: object, name: str, value: Any) -> Any:
    return _converted(name, value, type(getattr(template, name)))


def _converted(name: str, value: Any, kind: type) -> Any:
    """Return ``value`` as ``kind``; a number is never cut to fit, a word never taken for true."""
    text = str(value).strip().lower()
    if kind is bool:
        if text not in ("true", "false", "1", "0", "yes", "no"):
            raise RecipeError(f"{name} is yes or no, not {value!r}.")
        return text in ("true", "1", "yes")
    try:
        return kind(text)
    except ValueError as error:
        raise RecipeError(f"{name} is of the kind {kind.__name__}, not {value!r}.") from error


def _share(name: str, value: Any) -> float:
    share = float(_converted(name, value, float))
    if not 0 <= share < 1:
        raise RecipeError(f"{name} must be at least 0 and below 1, not {value!r}.")
    return share


def _inputs(value: Any) -> frozenset[str]:
    words = frozenset(word.strip() for word in str(value).split(",") if word.strip())
    unknown = sorted(words - set(INPUTS))
    if unknown:
        raise RecipeError(f"{unknown[0]!r} is no input; known: {', '.join(INPUTS)}.")
    return words
