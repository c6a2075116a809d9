"""Named columns measured on the same shapes: codes as a network reads them, or known factors.

A discrete code is read as its likeliest value (argmax), never as probabilities: then every score
judges the same table, and how sure Q is of one code cannot carry another one. It is one column
here, and one-hot columns that belong to one code where a predictor reads it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from jaxtyping import Bool, Float, Int


@dataclass(frozen=True)
class Variables:
    """One row a shape, one column a variable; a discrete one holds whole numbers without order."""

    names: tuple[str, ...]
    values: Float[np.ndarray, "n k"]
    discrete: Bool[np.ndarray, " k"]

    def __post_init__(self) -> None:
        if len(set(self.names)) != self.values.shape[1]:
            raise ValueError(
                f"{len(set(self.names))} different names ({', '.join(self.names)}) do not fit "
                f"{self.values.shape[1]} columns: give every column a name of its own."
            )
        for name, good in zip(self.names, np.isfinite(self.values).all(0), strict=True):
            if not good:
                raise ValueError(
                    f"column {name} has values that are not finite: leave those shapes out."
                )

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, index: Int[np.ndarray, " m"]) -> "Variables":
        """The shapes at `index`, in its order."""
        return Variables(self.names, self.values[index], self.discrete)

    def varying(self) -> "Variables":
        """Without the columns that are the same for all shapes (leg_splay of simple chairs)."""
        keep = (self.values != self.values[:1]).any(0)
        names = tuple(name for name, varies in zip(self.names, keep, strict=True) if varies)
        return Variables(names, self.values[:, keep], self.discrete[keep])

    def classes(self, bins: int) -> Int[np.ndarray, "n k"]:
        """Every column as classes 0, 1, ...: a discrete one by its values, a continuous one in
        `bins` of equal counts (fewer where many shapes share a value)."""
        columns = [
            _classes(column, bins=0 if discrete else bins)
            for column, discrete in zip(self.values.T, self.discrete, strict=True)
        ]
        return np.stack(columns, 1) if columns else np.zeros(self.values.shape, dtype=np.int64)

    def features(self) -> tuple[Float[np.ndarray, "n f"], Int[np.ndarray, " f"]]:
        """What a predictor reads (continuous columns standardised, discrete ones as one-hot
        columns) and the variable that each of these columns belongs to."""
        parts, owners = [], []
        for i, (column, discrete) in enumerate(zip(self.values.T, self.discrete, strict=True)):
            if discrete:
                parts.append((column[:, None] == np.unique(column)[None]).astype(np.float32))
            else:
                centred = column - column.mean()
                parts.append((centred / (centred.std() or 1.0)).astype(np.float32)[:, None])
            owners += [i] * parts[-1].shape[1]
        return np.concatenate(parts, 1), np.array(owners)


def _classes(column: Float[np.ndarray, " n"], *, bins: int) -> Int[np.ndarray, " n"]:
    if bins:
        edges = np.unique(np.quantile(column, np.linspace(0, 1, bins + 1)[1:-1]))
        column = np.searchsorted(edges, column, side="right")
    return cast(np.ndarray, np.unique(column, return_inverse=True)[1])


def variables(columns: Mapping[str, np.ndarray]) -> Variables:
    """The table of `columns`, each told by its kind.

    Text, whole numbers and truth values are discrete; numbers with a point are continuous; a matrix
    [n, v] holds the logits or probabilities of a discrete variable and counts as its likeliest
    value. `variables(chairs.factor_columns(chairs))` is the table of known-factor chairs.
    """
    if not columns:
        raise ValueError("there are no columns: give at least one code or factor.")
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns {lengths} differ in length: give one row a shape in each.")
    values, discrete = [], []
    for column in columns.values():
        unread = np.isnan(column).any(1) if column.ndim == 2 else np.zeros(len(column), dtype=bool)
        if column.ndim == 2:
            column = column.argmax(1)
        discrete.append(column.dtype.kind in "USOiub")
        if column.dtype.kind in "USO":
            column = np.unique(column, return_inverse=True)[1]
        values.append(np.where(unread, np.nan, column.astype(np.float64)))
    return Variables(tuple(columns), np.stack(values, 1), np.array(discrete))


def code_variables(
    discrete: Sequence[np.ndarray], continuous: Float[np.ndarray, "n c"]
) -> Variables:
    """Codes under the names of `CodeSpec.names` (d0, d1, ..., c0, ...), drawn or read back.

    Give each discrete code as its values [n] (a draw) or as Q's logits or probabilities [n, v] (an
    answer), and the continuous codes, or Q's means of them, as one matrix.
    """
    columns = {f"d{i}": column for i, column in enumerate(discrete)}
    columns |= {f"c{i}": column.astype(np.float64) for i, column in enumerate(continuous.T)}
    return variables(columns)
