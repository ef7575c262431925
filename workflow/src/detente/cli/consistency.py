"""Whether the numbers that published tables print agree with one another."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Annotated, Any

from detente.base.errors import ConfigError, NotReproduced
from detente.cli.command import CSV, Output, command
from detente.cli.replicate import Tables

WRONG = ("inconsistent", "decision error")


@command("replication", "--only king_zeng_mid")
def replicate_check(
    given: Tables, out: Annotated[Path | None, Output("table of all rules to write", endings=CSV)] = None
) -> None:
    """Check printed numbers against one another, without data; exit 1 if two do not agree."""
    import pandas as pd

    from detente.replicate import CONSISTENCY, consistency

    found = pd.concat([consistency(each) for each in given.read()], ignore_index=True)
    if found.empty:
        raise ConfigError("no two numbers of these tables say anything of one another: there is nothing to check")
    if out:
        CONSISTENCY.write_csv(found, out)
    wrong = found[found["finding"].isin(WRONG)]
    counts = found["finding"].value_counts()
    print(f"{len(found):,} rules: " + ", ".join(f"{count:,} {name}" for name, count in counts.items()))
    if len(wrong):
        # Those that turn a conclusion first.
        rows = wrong.sort_values("finding", kind="stable").to_dict("records")
        raise NotReproduced(f"{len(wrong):,} printed numbers do not agree with others\n" + "\n".join(map(_line, rows)))


def _line(row: Mapping[Hashable, Any]) -> str:
    place = " › ".join(str(row[part]) for part in ("id", "model", "term") if row[part])
    implied = f"implied {row['low']:.6g} to {row['high']:.6g}"
    return f"{row['finding']}: {place}: {row['rule']}: printed {row['printed']}, {implied}"
