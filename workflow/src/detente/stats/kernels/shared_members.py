"""Groups that share more members than one with a group."""

import numpy as np

from detente.base.types import Array, Places
from detente.stats.kernels import compiled


@compiled("(i4[::1], i4[::1], i4[::1], i4[::1], f8[:, ::1], f8[:, ::1])")
def take_repeats(start: Places, member: Places, first: Places, group: Places, values: Array, sums: Array) -> None:
    """Take values (G, p) of groups off the `sums` (G, p) of each, once for each member that both share but one.

    Members of group g are `member[start[g]:start[g + 1]]`, and groups of member s are `group[first[s]:first[s + 1]]`.
    """
    shared, again = np.zeros(len(sums), np.int32), np.empty(len(sums), np.int32)
    for g in range(len(sums)):
        some, row = 0, sums[g]
        for s in member[start[g] : start[g + 1]]:
            for h in group[first[s] : first[s + 1]]:
                if shared[h] == 1:
                    again[some] = h
                    some += 1
                shared[h] += 1
        for h in again[:some]:
            for k in range(len(row)):
                row[k] -= (shared[h] - 1) * values[h, k]
        for s in member[start[g] : start[g + 1]]:
            for h in group[first[s] : first[s + 1]]:
                shared[h] = 0
