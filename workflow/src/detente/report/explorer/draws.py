"""Draws of the joint test as the explorer reads them: t of every equivalent specification under drawn treatments.

The page repeats `joint_test`'s median on any selection of specifications. Draws are kept to a thousandth, so that the
p-value of a selection is known up to those draws whose median lies that close to the observed one: it is then given as
its two ends.
"""

import json

import numpy as np
import pandas as pd

from detente.base.numerics import TIE
from detente.base.types import Array
from detente.report.evidence import Evidence
from detente.report.explorer.packed import Packing

ABSENT = -(2**15)
"""The code of a draw in which a specification has no t."""
_SCALES = (1000, 100, 10, 1)


def draws_script(evidence: Evidence, claim: str) -> str:
    """Return a script that hands draws of the scheme of the ledger's joint test to the explorer, null if none."""
    row, frame = evidence.of_claim("ledger", claim).iloc[0], evidence.of_claim("joint_draws", claim)
    frame = frame[frame["scheme"] == row["joint_scheme"]]
    if pd.isna(row["p_joint"]) or frame.empty:
        return f"Explorers.draw({json.dumps(claim)}, null);\n"
    table = frame.pivot_table(index="spec_id", columns="draw", values="statistic", dropna=False)
    ids = evidence.of_claim("multiverse", claim)["spec_id"]
    rows = pd.Series(range(len(ids)), ids).loc[table.index].sort_values()
    table = table.loc[rows.index]
    observed = frame.drop_duplicates("spec_id").set_index("spec_id")["observed"].loc[rows.index]
    per, whole = coded(table.to_numpy(dtype=np.float64))
    packing = Packing()
    head = {
        "scheme": str(row["joint_scheme"]),
        "draws": table.shape[1],
        "per": per,
        "tie": TIE,
        "absent": ABSENT,
        "rows": packing.column(rows, "whole"),
        "observed": packing.column(observed, "real"),
        # As specifications of a curve are alike, each is kept as its differences from the one before.
        "codes": packing.numbers(np.diff(whole.astype(np.int64), axis=0, prepend=0).astype("<i2")),
    }
    return f"Explorers.draw({json.dumps(claim)}, {json.dumps(packing.text(head))});\n"


def coded(draws: Array) -> tuple[int, Array]:
    """Return how many units make one, and t statistics (S, B) in these as whole numbers (S, B) of two bytes.

    Raises OverflowError if one does not fit.
    """
    largest = float(np.nanmax(np.abs(draws), initial=0.0))
    per = next((scale for scale in _SCALES if largest * scale < -ABSENT - 1), None)
    if per is None:
        raise OverflowError(f"a drawn t of {largest:,.0f} does not fit into two bytes")
    return per, np.where(np.isnan(draws), ABSENT, np.rint(draws * per)).astype("<i2")
