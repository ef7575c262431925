"""Which groups share a member with a group."""

from detente.base.types import Array, Codes
from detente.stats.kernels import compiled


@compiled("(i4[::1], i4[::1], i4[::1], i4[::1], i8, f8[:, ::1])")
def mark(start: Codes, member: Codes, first: Codes, group: Codes, low: int, shared: Array) -> None:
    """Set `shared` (B, G), of groups from `low` on, to 1 where a group shares a member with one of them, itself too.

    Members of group g are `member[start[g]:start[g + 1]]`, and groups of member s are `group[first[s]:first[s + 1]]`.
    """
    for row in range(len(shared)):
        for at in range(start[low + row], start[low + row + 1]):
            for place in range(first[member[at]], first[member[at] + 1]):
                shared[row, group[place]] = 1.0
