"""Who takes part: participants re-randomised without replacement, and how often two states took part together."""

from detente.base.types import Array, Codes, Flags, Places
from detente.stats.kernels import compiled


@compiled("(f8[::1], i8[::1], i8[::1], i8[:, ::1], f8[:, ::1])", "(b1[::1], i8[::1], i8[::1], i8[:, ::1], b1[:, ::1])")
def shift(values: Array | Flags, order: Codes, start: Codes, offset: Codes, out: Array | Flags) -> None:
    """Put `values` (N,) into `out` (N, B), moved on by `offset` (G, B) rows within groups, the last ones to the front.

    Group g has the rows `order[start[g]:start[g + 1]]`, in this order.
    """
    for g in range(len(start) - 1):
        members = order[start[g] : start[g + 1]]
        size, same = len(members), True
        for r in members:
            same = same and values[r] == values[members[0]]
        for i in range(size):
            row = out[members[i]]
            if same:
                row[:] = values[members[0]]
                continue
            for d in range(len(row)):
                at = i - offset[g, d]
                row[d] = values[members[at if at >= 0 else at + size]]


@compiled(
    "(b1[:, :, ::1], i8[:, ::1], i8[::1], i8[::1], i8[::1], b1[:, ::1])",
    "(f8[:, :, ::1], i8[:, ::1], i8[::1], i8[::1], i8[::1], f8[:, ::1])",
)
def look_up(table: Array | Flags, labels: Codes, a: Codes, b: Codes, year: Codes, out: Array | Flags) -> None:
    """Put the values of rows in a `table` (n, n, T) into `out` (N, B), once states have the places `labels` (n, B)."""
    for r in range(len(out)):
        row, one, other, t = out[r], labels[a[r]], labels[b[r]], year[r]
        for d in range(len(row)):
            row[d] = table[one[d], other[d], t]


@compiled("(i8[::1], i8[::1], b1[::1], i8[::1], i8[::1], f8[::1], i8[::1])")
def redraw(holder: Codes, pool: Codes, new: Flags, start: Codes, members: Codes, uniform: Array, drawn: Codes) -> None:
    """Put new participants into `drawn` (S,): each slot's from its pool, no one twice in a run of slots.

    holder (S,) keep slots of no pool (−1); pool (S,), slots of one run side by side, `new` (S,) where one begins. Pool
    p has the `members` from `start[p]` to `start[p + 1]`, which change places; uniform (S,) numbers from 0 to 1.
    """
    taken = 0
    for s in range(len(pool)):
        if new[s]:
            taken = 0
        p = pool[s]
        if p < 0:
            drawn[s] = holder[s]
            continue
        first = start[p] + taken
        at = first + int(uniform[s] * (start[p + 1] - first))
        members[first], members[at] = members[at], members[first]
        drawn[s] = members[first]
        taken += 1


@compiled("(i8[:, ::1], i8[:, ::1], i8[::1], f8[::1], i4[:, ::1], i4[:, ::1], f8[:, ::1])")
def meet(who: Codes, span: Codes, year: Codes, value: Array, dyad: Places, row: Places, out: Array) -> None:
    """Add each event's value to `out` (N, B) in the rows of every two of its participants in its year.

    who (B, S) participants, those of event e from `span[e, 0]` to `span[e, 1]`; year, value (E,) of events; dyad (n, n)
    number of each ordered pair of states, row (D, T) that of each dyad and year, both −1 where there is none.
    """
    for draw in range(len(who)):
        for e in range(len(year)):
            for i in range(span[e, 0], span[e, 1]):
                for j in range(span[e, 0], span[e, 1]):
                    d = dyad[who[draw, i], who[draw, j]]
                    r = row[d, year[e]] if d >= 0 else -1
                    if r >= 0:
                        out[r, draw] += value[e]
