"""Mean effects of those that switch in matched sets, and what each unit adds to their error."""

from detente.base.types import Array, Codes, Flags
from detente.stats.kernels import compiled


@compiled("(Tuple((i8[::1], i8[::1], i8[::1], i8[::1], f8[::1])), b1[::1], f8[:, ::1], f8[:, ::1], f8[::1])")
def effect(
    cells: tuple[Codes, Codes, Codes, Codes, Array],
    switched: Flags,
    by_group: Array,
    by_period: Array,
    influence: Array,
) -> float:
    """The mean change of cells that switch less that of their group's others; NaN if no group has both.

    `cells`: place in `switched`, unit, period, group and change, (N,) each. `by_group` (4, G), `by_period` (2, P) and
    `influence` (U,), to which that of units is added, are zeros. It is of changes less the mean change of the period's
    others, each weighted as in its group.
    """
    place, unit, period, group, change = cells
    on, off, moved, stayed = by_group
    weight, brought = by_period
    for i in range(len(place)):
        g = group[i]
        if switched[place[i]]:
            on[g] += 1.0
            moved[g] += change[i]
        else:
            off[g] += 1.0
            stayed[g] += change[i]
    count, total = 0.0, 0.0
    for g in range(len(on)):
        if on[g] > 0 and off[g] > 0:
            count += on[g]
            total += moved[g] - on[g] / off[g] * stayed[g]
    if count == 0:
        return float("nan")
    for i in range(len(place)):
        g = group[i]
        if on[g] > 0 and off[g] > 0 and not switched[place[i]]:
            weight[period[i]] += on[g] / off[g]
            brought[period[i]] += on[g] / off[g] * change[i]
    for i in range(len(place)):
        g, t = group[i], period[i]
        if on[g] > 0 and off[g] > 0:
            left = change[i] - (brought[t] / weight[t] if weight[t] > 0 else 0.0)
            added = left - total / count if switched[place[i]] else -on[g] / off[g] * left
            influence[unit[i]] += added / count
    return total / count
