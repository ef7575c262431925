"""Which columns move together: powers and interactions of a regressor, and the levels of one category."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
# A column is a product of others if it differs from it by no more than rounding, relative to their largest value.
ROUNDING = 1e-9
Product = Mapping[int, int]


@dataclass(frozen=True)
class Structure:
    """Columns as products of powers of base columns; `names` K of them.

    `products` K mappings from base to power, a base's own being {itself: 1}; `siblings` other levels of the same
    category, by column. low, high, mean, spread (K,): least, largest, mean value and standard deviation; `binary` (K,)
    whether all values are 0 or 1.
    """

    names: tuple[str, ...]
    products: tuple[Product, ...]
    siblings: Mapping[int, tuple[int, ...]]
    low: Array
    high: Array
    mean: Array
    spread: Array
    binary: npt.NDArray[np.bool_]

    def is_base(self, column: int) -> bool:
        """Whether a column is no product of others, and varies."""
        return self.products[column] == {column: 1} and bool(self.high[column] > self.low[column])

    def moved(self, columns: Array, values: Mapping[int, float]) -> tuple[list[int], Array]:
        """Columns that move when bases are set to `values`, and their new values (n, J)."""
        places = [j for j, product in enumerate(self.products) if product.keys() & values.keys()]
        new = np.ones((len(columns), len(places)))
        for at, j in enumerate(places):
            for base, power in self.products[j].items():
                new[:, at] *= (values[base] if base in values else columns[:, base]) ** power
        return places, new

    def derivative(self, columns: Array, base: int) -> tuple[list[int], Array]:
        """Columns that depend on a base, and their derivatives in it (n, J)."""
        places = [j for j, product in enumerate(self.products) if base in product]
        slopes = np.ones((len(columns), len(places)))
        for at, j in enumerate(places):
            for other, power in self.products[j].items():
                factor = columns[:, other] ** (power - (other == base))
                slopes[:, at] *= power * factor if other == base else factor
        return places, slopes


def structure(names: Sequence[str], parts: Callable[[], Iterable[Array]]) -> Structure:
    """The structure of columns by their names, wherever the numbers agree: `x_2`, `x_3`, `I(x ** 2)`, `x:z`, `x[T.b]`.

    Parameters
    ----------
    parts
        Returns the rows, some at a time, (., K).
    """
    guesses = {j: product for j, name in enumerate(names) if (product := _guess(name, names))}
    k = len(names)
    low, high = np.full(k, np.inf), np.full(k, -np.inf)
    binary, rows, total, square = np.ones(k, dtype=bool), 0, np.zeros(k), np.zeros(k)
    origin: Array | None = None
    for part in parts():
        origin = part.mean(axis=0) if origin is None else origin
        np.minimum(low, part.min(axis=0), out=low)
        np.maximum(high, part.max(axis=0), out=high)
        binary &= ((part == 0) | (part == 1)).all(axis=0)
        rows += len(part)
        total += (part - origin).sum(axis=0)
        square += ((part - origin) ** 2).sum(axis=0)
        guesses = {j: product for j, product in guesses.items() if _agrees(part, j, product)}
    assert origin is not None
    products = [guesses.get(j, {j: 1}) for j in range(k)]
    return Structure(
        names=tuple(names),
        products=tuple(_flat(product, products) for product in products),
        siblings=_siblings(names, binary),
        low=low,
        high=high,
        mean=origin + total / rows,
        spread=np.sqrt(np.maximum(square - total**2 / rows, 0) / max(rows - 1, 1)),
        binary=binary,
    )


def _guess(name: str, names: Sequence[str]) -> Product | None:
    """What a name says its column is a product of, if all of that is there."""
    power = re.fullmatch(r"(?:I\((?P<a>.+?)\s*\*\*\s*(?P<p>\d+)\)|(?P<b>.+)_(?P<q>[2-9]))", name)
    if power:
        base = power["a"] or power["b"]
        return {names.index(base): int(power["p"] or power["q"])} if base in names else None
    if ":" not in name:
        return None
    found: dict[int, int] = {}
    for factor in name.split(":"):
        if factor not in names:
            return None
        found[names.index(factor)] = found.get(names.index(factor), 0) + 1
    return found


def _agrees(part: Array, column: int, product: Product) -> bool:
    made = np.ones(len(part))
    for base, power in product.items():
        made *= part[:, base] ** power
    size = max(float(np.abs(made).max()), float(np.abs(part[:, column]).max()))
    return bool(np.abs(made - part[:, column]).max() <= ROUNDING * size)


def _flat(product: Product, products: Sequence[Product]) -> Product:
    """A product of bases alone: an interaction with a square goes by what is squared."""
    if all(products[base] == {base: 1} for base in product):
        return product
    flat: dict[int, int] = {}
    for base, power in product.items():
        for inner, times in _flat(products[base], products).items() if products[base] != {base: 1} else [(base, 1)]:
            flat[inner] = flat.get(inner, 0) + power * times
    return flat


def _siblings(names: Sequence[str], binary: npt.NDArray[np.bool_]) -> Mapping[int, tuple[int, ...]]:
    """Levels of one category, `x[T.b]`, by level: they are never 1 together."""
    family: dict[str, list[int]] = {}
    for j, name in enumerate(names):
        level = re.fullmatch(r"([^:]+)\[T\..+\]", name)
        if level and binary[j]:
            family.setdefault(level[1], []).append(j)
    return {j: tuple(i for i in members if i != j) for members in family.values() for j in members}
