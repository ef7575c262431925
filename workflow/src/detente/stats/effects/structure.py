"""Which columns move together: powers and interactions of a regressor, and the levels of one category."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from detente.base.numerics import PRODUCT
from detente.base.types import Array

Product = Mapping[int, int]


@dataclass(frozen=True)
class Structure:
    """K columns as products of powers of base columns.

    `products` K mappings from base to power, a base's own being {itself: 1}; `siblings` other levels of the same
    category, by column; low, high (K,) least and largest value; `binary` (K,) whether all values are 0 or 1. Rows of
    the columns are handed over as (K, n).
    """

    products: tuple[Product, ...]
    siblings: Mapping[int, tuple[int, ...]]
    low: Array
    high: Array
    binary: npt.NDArray[np.bool_]

    def is_base(self, column: int) -> bool:
        """Whether a column is no product of others, and varies."""
        return self.products[column] == {column: 1} and bool(self.high[column] > self.low[column])

    def alone(self, column: int) -> bool:
        """Whether no other column moves with this one."""
        return column not in self.siblings and self._following(column) == [column]

    @cached_property
    def _followers(self) -> Mapping[int, list[int]]:
        """Columns that move with each, itself among them."""
        size = range(len(self.products))
        return {b: [j for j in size if b in self.products[j]] for b in size}

    def _following(self, *bases: int) -> list[int]:
        return sorted({j for b in bases for j in self._followers[b]})

    def moved(self, columns: Array, values: Mapping[int, float]) -> tuple[list[int], Array]:
        """Columns that move when bases are set to `values`, and their new values (J, n)."""
        places = self._following(*values)
        new = np.ones((len(places), columns.shape[1]))
        for at, j in enumerate(places):
            for base, power in self.products[j].items():
                new[at] *= (values[base] if base in values else columns[base]) ** power
        return places, new

    def derivative(self, columns: Array, base: int) -> tuple[list[int], Array]:
        """Columns that depend on a base, and their derivatives in it (J, n)."""
        places = self._following(base)
        slopes = np.ones((len(places), columns.shape[1]))
        for at, j in enumerate(places):
            for other, power in self.products[j].items():
                factor = columns[other] ** (power - (other == base))
                slopes[at] *= power * factor if other == base else factor
        return places, slopes


def structure(names: Sequence[str], parts: Callable[[], Iterable[Array]]) -> Structure:
    """The structure of columns by their names, wherever the numbers agree: `x_2`, `x_3`, `I(x ** 2)`, `x:z`, `x[T.b]`.

    `parts`: returns the rows, some at a time, (K, .).
    """
    guesses = {j: product for j, name in enumerate(names) if (product := _guess(name, names))}
    low, high, binary = np.full(len(names), np.inf), np.full(len(names), -np.inf), np.ones(len(names), dtype=bool)
    for part in parts():
        np.minimum(low, part.min(axis=1), out=low)
        np.maximum(high, part.max(axis=1), out=high)
        binary &= (low >= 0) & (high <= 1)
        for j in np.flatnonzero(binary):
            binary[j] = bool((part[j] * part[j] == part[j]).all())
        guesses = {j: product for j, product in guesses.items() if _agrees(part, j, product)}
    products = [guesses.get(j, {j: 1}) for j in range(len(names))]
    flat = tuple(_flat(product, products) for product in products)
    return Structure(flat, _siblings(names, binary), low, high, binary)


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
    made = np.ones(part.shape[1])
    for base, power in product.items():
        made *= part[base] ** power
    size = max(float(np.abs(made).max()), float(np.abs(part[column]).max()))
    return bool(np.abs(made - part[column]).max() <= PRODUCT * size)


def _flat(product: Product, products: Sequence[Product]) -> Product:
    """A product of bases alone: an interaction with a square goes by what is squared."""
    flat: dict[int, int] = {}
    for base, power in product.items():
        inner = {base: 1} if products[base] == {base: 1} else _flat(products[base], products)
        for part, times in inner.items():
            flat[part] = flat.get(part, 0) + power * times
    return flat


def _siblings(names: Sequence[str], binary: npt.NDArray[np.bool_]) -> Mapping[int, tuple[int, ...]]:
    """Levels of one category, `x[T.b]`, by level: they are never 1 together."""
    family: dict[str, list[int]] = {}
    for j, name in enumerate(names):
        level = re.fullmatch(r"([^:]+)\[T\..+\]", name)
        if level and binary[j]:
            family.setdefault(level[1], []).append(j)
    return {j: tuple(i for i in members if i != j) for members in family.values() for j in members if len(members) > 1}
