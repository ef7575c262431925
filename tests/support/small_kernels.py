"""Every compiled loop over rows, run on small inputs of the types that fits use."""

from __future__ import annotations

import numpy as np

from detente.stats.kernels import (
    absorption,
    blocks,
    conditional,
    firth,
    leverages,
    nearest,
    partial,
    participation,
    products,
    shared_members,
    switches,
)

NONE = np.empty(0)


def run() -> None:
    """Run each kernel."""
    run_products()
    run_participation()
    run_absorption()
    run_logits()
    run_leverages()
    run_nearest()
    run_sharing()
    run_switches()
    run_blocks()


def run_sharing() -> None:
    # Three groups, of which the first two share both of their members.
    start, member = np.array([0, 2, 4, 5], dtype=np.int32), np.array([0, 1, 0, 1, 2], dtype=np.int32)
    first, group = np.array([0, 2, 4, 5], dtype=np.int32), np.array([0, 1, 0, 1, 2], dtype=np.int32)
    sums = np.zeros((3, 1))
    shared_members.take_repeats(start, member, first, group, np.array([[1.0], [3.0], [5.0]]), sums)
    assert sums.tolist() == [[-4.0], [-4.0], [0.0]]


def run_switches() -> None:
    # Two groups, of which one has no other to compare with.
    place, group = np.arange(3), np.array([0, 0, 1])
    cells = (place, place, np.zeros(3, dtype=np.int64), group, np.array([5.0, 2.0, 7.0]))
    influence = np.zeros(3)
    switched = np.array([True, False, True])
    assert switches.effect(cells, switched, np.zeros((4, 2)), np.zeros((2, 1)), influence) == 3.0
    assert influence.tolist() == [0.0, 0.0, 0.0]
    assert np.isnan(switches.effect(cells, np.ones(3, dtype=bool), np.zeros((4, 2)), np.zeros((2, 1)), influence))


def run_leverages() -> None:
    # Of two groups with leverages of 0.01 and 0.5 the first is adjusted by the series.
    out = np.zeros((2, 1))
    small = leverages.by_series(np.array([[[0.01]], [[0.5]]]), np.eye(1), np.ones((2, 1)), 0.02, out)
    assert small.tolist() == [True, False]
    assert abs(out[0, 0] - 0.99**-0.5) < 1e-15
    assert out[1, 0] == 0


def run_blocks() -> None:
    # Three rows of two columns and the one of zeros, for models of both and of the second alone.
    rows, none = np.array([[1.0, 2.0], [1.0, 3.0], [1.0, 5.0]]), 2
    block = np.zeros((3, 3))
    block[:none] = rows.T
    columns = np.array([[0, 1, none, none], [1, none, none, none]])
    slopes, weights, groups = np.ones((2, 4)), np.ones((2, 3)), np.array([0, 1, 1])
    blocks.combine(block, columns, slopes, np.empty((2, 3)))
    blocks.add_sums(block, columns, weights, slopes)
    blocks.add_products(block, columns, weights, np.zeros((2, 4, 4)))
    blocks.add_totals(rows, weights, groups, np.zeros((2, 2, 2)))
    blocks.add_by_group(weights, groups, np.zeros((2, 2)))


def run_nearest() -> None:
    focal, columns = np.array([[0.0], [5.0]]), np.array([[1.0, 2.0, 3.0, 3.0]])
    apart, least = np.array([1.0, 2.0, 3.0, 3.0]), np.empty(3)
    assert nearest.farthest(apart, 2, np.inf, least) == 2.0
    assert nearest.smallest(apart, 3, least) == 3.0
    # Ties make more than the size: what is chosen outgrows its room.
    assert nearest.nearest(focal, np.ones((1, 9)), 1, np.inf, 0.0)[0].tolist() == [9, 9]
    assert nearest.nearest(focal, columns, 2, 1.5, 0.0)[1].tolist() == [0]
    # In steps of a half.
    assert nearest.nearest(focal, columns, 1, np.inf, 0.5)[1].tolist() == [0, 2, 3]


def run_products() -> None:
    x, y = np.array([[1.0], [2.0], [3.0], [5.0], [8.0]]), np.ones(5)
    products.least_squares_residual(x, y, np.ones(1), np.empty(5))
    products.spread(x)
    picked = np.empty((2, 3))
    products.pick(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 0, 1]), picked)
    assert picked.tolist() == [[2.0, 1.0, 2.0], [4.0, 3.0, 4.0]]
    x, group = np.ones((2, 1)), np.array([0, 1])
    products.add_rows(x, NONE, group, np.zeros((2, 1)))
    products.cluster_products(x, np.ones(1), np.ones(2), group, np.empty(2), np.zeros((2, 1)), np.zeros((2, 1)))
    codes = np.zeros(2, dtype=np.int64)
    of_one = np.zeros((1, 1))
    products.fit_totals(np.array([[1.0, 3.0], [2.0, 4.0]]), np.array([0]), 1, np.ones(1), codes, of_one)
    assert of_one.tolist() == [[1 * 2 + 2 * 2]]
    left, rows = np.ones((2, 1)), np.array([0, 1], dtype=np.int32)
    explained = (rows, np.zeros((2, 1)), rows, np.zeros((2, 1)))
    for values in (x, x.astype(np.float32)):
        products.project(values, left)
        products.project_flags(values, codes, 1)
    for values in (left, left > 0):
        of = (values, explained, x, np.ones((1, 1)))
        partial.residuals(*of, np.empty((2, 1)))
        partial.scores(*of, (codes, np.zeros((1, 1, 1)), np.ones(2), np.zeros(1)))
    sums = (codes, np.zeros((1, 1, 1)), np.zeros((1, 1)), np.zeros((1, 1)))
    slopes = (np.ones((1, 1)), np.ones((1, 1)))
    partial.scores_moved(x, np.ones(2), explained, explained, np.ones((2, 1, 1)), slopes, sums)
    products.score_products(x, left)
    z = np.array([[1.0, 3.0], [2.0, 1.0]])
    made = products.products(z, 1, rows, np.array([0, 2], dtype=np.int32))
    products.meat(made.T @ made, products.places(1, 2), np.array([0]), 1, np.ones(1))
    for values in (left, left > 0):
        for controls in (np.zeros(1, np.int64), np.zeros(0, np.int64)):
            shares, sums = np.ones((len(controls), 1)), np.zeros((2, 2, 1))
            partial.by_dyad(values, explained, x, controls, shares, left, (group, sums))


def run_participation() -> None:
    codes, start = np.array([0, 1]), np.array([0, 2])
    for kind in (float, bool):
        values, out, table = np.array([1, 0], dtype=kind), np.empty((2, 1), dtype=kind), np.ones((2, 2, 1), dtype=kind)
        participation.shift(values, codes, start, np.array([[1]]), out)
        participation.look_up(table, codes[:, None], codes, codes, np.zeros(2, dtype=np.int64), out)
    new = np.array([True, False])
    participation.redraw(codes, np.array([0, 0]), new, start, codes.copy(), np.array([0.1, 0.2]), codes.copy())
    zero = np.array([0])
    dyad, row = np.array([[-1, 0], [-1, -1]], dtype=np.int32), np.zeros((1, 1), dtype=np.int32)
    participation.meet(codes[None], np.array([[0, 2]]), zero, np.ones(1), dyad, row, np.zeros((2, 1)))


def run_absorption() -> None:
    order, start = absorption.group(np.array([0, 0, 1, 1], dtype=np.int32), 2)
    levels, values = np.array([[0], [1], [0], [1]], dtype=np.int32), np.array([[1.0], [2.0], [4.0], [9.0]])
    left, by_level = np.empty(values.shape), np.zeros((2, 1))
    absorption.center(values, NONE, order, start, levels, left, by_level)
    for of in (values, values > 1):
        absorption.average(of, NONE, order, start, levels, np.zeros((2, 1)), np.zeros((2, 1)))
    absorption.recenter(np.zeros((2, 1)), by_level, NONE, order, start, levels)
    absorption.take_off(left, by_level, NONE, order, start, levels)
    absorption.explain(values[:, 0].copy(), NONE, order, start, levels, np.empty(2), by_level)
    absorption.couple(by_level, NONE, order, start, levels)
    absorption.solve(*absorption.factorize(absorption.schur(NONE, order, start, levels, 2), 1e-10), by_level)


def run_logits() -> None:
    x, y = np.array([[1.0], [2.0], [4.0], [0.0], [9.0]]), np.array([0.0, 1.0, 0.0, 1.0, 0.0])
    start, p, one = np.array([0, 3, 5], dtype=np.int32), np.empty(5), np.zeros((1, 1))
    rows = np.empty((2, 5))
    firth.weigh_rows(x, y, NONE, np.zeros(1), p, one)
    firth.adjust_rows(x, y, NONE, p, np.ones((1, 1)), rows)
    firth.weigh(x, y, start, np.zeros(1), np.zeros(2), p, one)
    firth.adjust(x, y, start, p, np.ones((1, 1)), rows)
    firth.curvature(x, start, p, rows[0], True, one)
    conditional.extremes(x[:, 0].copy(), y, start)
    conditional.evaluate(x, y, start, np.zeros(1), p, np.zeros(1), one)
