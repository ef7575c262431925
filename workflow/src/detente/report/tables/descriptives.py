"""How the variables are distributed."""

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, count, decimal
from detente.report.models import keyed
from detente.report.tables.table import Row, Table, columns


@exhibit(kind="table", name="descriptives", place="sample", order=2, needs=("descriptives",))
def descriptives(evidence: Evidence) -> Table:
    """Descriptive statistics of all variables in the headline sample, with their means in the others."""
    study = evidence.study
    others = [s for s in study.samples if s != study.headline]
    found = keyed(evidence.frame("descriptives"), "variable", "sample")
    order = list(dict.fromkeys(variable for variable, _ in found))
    heads = (
        *columns("Observations", "Missing", "Mean", "SD", "Min", "Max", group=evidence.samples[study.headline]),
        *columns(*(evidence.short(s) for s in others), group="Mean elsewhere"),
    )
    rows = []
    for variable in order:
        row = found[variable, study.headline]
        own = [count(row["nobs"]), count(row["missing"]), *(_measure(row[k]) for k in ("mean", "sd", "min", "max"))]
        elsewhere = [_measure(found[variable, s]["mean"]) if (variable, s) in found else MISSING for s in others]
        unit = f" ({row['unit']})" if row["unit"] not in ("", "0/1") else ""
        rows.append(Row(f"{row['label']}{unit}", (*own, *elsewhere)))
    notes = (evidence.said("Dyad-years; the unit stands in parentheses where a variable is not 0/1."),)
    return Table("descriptives", "Descriptive statistics", "", heads, tuple(rows), notes, evidence.simulated)


def _measure(value: float) -> str:
    value = float(value)
    if value.is_integer() and abs(value) < 1e7:
        return count(value)
    return decimal(value, 2 if abs(value) >= 1 else 3 if abs(value) >= 0.01 else 4)
