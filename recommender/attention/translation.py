"""Recurrent layers as ONNX nodes, for a graph of dynamic length.

Of torch's own operators, torch's exporter freezes the length of the example, and leaves out that
the GRU applies its reset gate after the product of the state. These translations of one layer do
neither.

Shapes: B sequences, T events, D width, G gates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from onnxscript import opset18

import recommender.attention.encoders.recurrent  # noqa: F401 - registers the operators

op: Any = opset18  # its types do not fit values that are still being traced

GRU_GATES = (1, 0, 2)  # torch: reset, update, new; ONNX: update, reset, new
LSTM_GATES = (0, 3, 1, 2)  # torch: input, forget, cell, output; ONNX: input, output, forget, cell


def _gru(x: Any, *weights: Any) -> Any:
    """Return all states, [B, T, D]."""
    width = int(weights[1].shape[1])
    states, _ = op.GRU(
        _moved(x), *_ordered(weights, GRU_GATES), hidden_size=width, linear_before_reset=1
    )
    return _rows(states)


def _lstm(x: Any, *weights: Any) -> Any:
    """Return all states, [B, T, D]."""
    width = int(weights[1].shape[1])
    states, _, _ = op.LSTM(_moved(x), *_ordered(weights, LSTM_GATES), hidden_size=width)
    return _rows(states)


def _ordered(weights: Sequence[Any], order: Sequence[int]) -> tuple[Any, Any, Any]:
    """Return weights of input and state, [1, GD, D], and both biases, [1, 2GD], in ONNX's order."""
    inner, outer, inner_bias, outer_bias = weights
    width = int(outer.shape[1])
    axis = op.Constant(value_ints=[0])

    def gates(rows: Any) -> Any:
        parts = [
            op.Slice(
                rows,
                op.Constant(value_ints=[gate * width]),
                op.Constant(value_ints=[(gate + 1) * width]),
                axis,
            )
            for gate in order
        ]
        return op.Concat(*parts, axis=0)

    bias = op.Concat(gates(inner_bias), gates(outer_bias), axis=0)
    parts = (gates(inner), gates(outer), bias)
    first, second, third = (op.Unsqueeze(part, axis) for part in parts)
    return first, second, third


def _moved(x: Any) -> Any:
    """Map [B, T, D] to [T, B, D]."""
    return op.Transpose(x, perm=[1, 0, 2])


def _rows(states: Any) -> Any:
    """Map [T, 1, B, D] to [B, T, D]."""
    return op.Transpose(op.Squeeze(states, op.Constant(value_ints=[1])), perm=[1, 0, 2])


TRANSLATIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    torch.ops.attention.gru_states.default: _gru,
    torch.ops.attention.lstm_states.default: _lstm,
}
