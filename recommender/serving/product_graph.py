"""An ONNX graph of one product: bytes of a query times bytes of all vectors, as integers.

``MatMulInteger`` over unsigned bytes is exact on every processor (signed weights saturate on those
without VNNI) and reads a quarter of what 32-bit floats take. The graph is so small that its
protobuf is written here: the package ``onnx`` weighs 18 MB and is needed for nothing else when
serving. Field numbers are those of ``onnx.proto3``, IR version 9, operator set 13.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

QUERY, SCORES = "query", "scores"
ZERO = 128

_UINT8, _INT32 = 2, 6


def product_graph(codes: npt.NDArray[np.uint8]) -> bytes:
    """Return a model that maps ``query`` uint8[1, d] to ``scores`` int32[1, n].

    A score is ``sum over d of (query - ZERO) (codes - ZERO)``.

    Args:
        codes: uint8[d, n], one column a product.
    """
    d, n = codes.shape
    names = (QUERY, "codes", "zero", "zero")
    node = b"".join(_field(1, name) for name in names) + _field(2, SCORES)
    node += _field(4, "MatMulInteger")
    graph = (
        _field(1, node)
        + _field(2, "product")
        + _field(5, _tensor("codes", codes))
        + _field(5, _tensor("zero", np.array(ZERO, dtype=np.uint8)))
        + _field(11, _value(QUERY, _UINT8, (1, d)))
        + _field(12, _value(SCORES, _INT32, (1, n)))
    )
    return _field(1, 9) + _field(8, _field(1, "") + _field(2, 13)) + _field(7, graph)


def _tensor(name: str, array: npt.NDArray[np.uint8]) -> bytes:
    sizes = b"".join(_field(1, size) for size in array.shape)
    return sizes + _field(2, _UINT8) + _field(8, name) + _field(9, array.tobytes())


def _value(name: str, kind: int, sizes: tuple[int, ...]) -> bytes:
    shape = b"".join(_field(1, _field(1, size)) for size in sizes)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, shape)))


def _field(number: int, value: int | str | bytes) -> bytes:
    """One protobuf field: a number as a varint, else its length and its bytes."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    groups = []
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
