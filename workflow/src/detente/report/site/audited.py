"""The report of an audit: one page of Markdown of what was checked of a published table, by whom, and with what end."""

from collections.abc import Mapping, Sequence
from typing import Any

from detente.report.formats import plural

# What the levels of the Social Science Reproduction Platform say of a display (Guide for Advancing Computational
# Reproducibility in the Social Sciences, BITSS).
LEVELS: Mapping[int, str] = {
    1: "neither data nor code are available",
    2: "code is available, data are not",
    3: "analysis data and code are available in part",
    4: "all analysis data and code are available",
    5: "analysis data and code give the published results",
    6: "all analysis data and code are available, with all of the cleaning code",
    7: "all analysis data and code are available, with all of the cleaning code and a part of the raw data",
    8: "all data and all code are available, raw data and cleaning code among them",
    9: "all data and all code are available, and those of the analysis give the published results",
    10: "all data and all code lead from the raw data to the published results",
}
EXTENT: Mapping[str, str] = {"none": "not available", "some": "in part", "all": "complete"}


def audit_page(found: Mapping[str, Any]) -> str:
    """The page of one table, of what `audit.json` has of it."""
    audit, counts = found["audit"], found["counts"]
    level = "not stated" if audit["level"] is None else f"{audit['level']} of 10: {LEVELS[audit['level']]}"
    package = f", of {audit['package']}" if audit["package"] else ""
    lines = [
        f"# Audit: {found['title']}",
        "",
        found["citation"],
        "",
        f"Checked by {audit['by']} on {audit['date']}{package}.",
        f"Level of reproducibility (Social Science Reproduction Platform): {level}.",
        "",
        "## Lineage",
        "",
        "| raw data | cleaning code | analysis data | analysis code |",
        "|---|---|---|---|",
        "| " + " | ".join(EXTENT[audit[part]] for part in PARTS) + " |",
        "",
        *(f"- `{each['file']}`: {each['bytes']:,} bytes, sha256 `{each['sha256']}`" for each in found["data"]),
        "",
        "## Numbers",
        "",
        f"{plural(found['numbers'], 'printed number')}: "
        + ", ".join(f"{count:,} {status}" for status, count in counts.items() if count) + ".",
        "",
        *_table(("model", "term", "quantity", "printed", "ours", "status", "reason"), found["differences"]),
        "## Conclusions",
        "",
        _conclusions(found),
        "",
        *_table(("model", "term", "change", "printed", "ours"), found["conclusions_changed"]),
    ]  # fmt: skip
    if audit["attempts"]:
        lines += ["## Attempts", "", *(f"{i}. {text}" for i, text in enumerate(audit["attempts"], 1)), ""]
    made = ", ".join(f"{name} {version}" for name, version in found["software"].items())
    return "\n".join([*lines, f"Made with {made}.", ""])


PARTS = ("raw_data", "cleaning_code", "analysis_data", "analysis_code")


def _conclusions(found: Mapping[str, Any]) -> str:
    changed, compared = len(found["conclusions_changed"]), found["conclusions_compared"]
    level = f"{100 * found['audit']['significance']:g} %"
    if not compared["ours"]:
        return "No conclusion is compared: no term has a number of ours."
    terms = f"Conclusions are compared of {plural(compared['ours'], 'term')}, {compared['dyadic']:,} of them"
    said = f"{terms} under the dyadic-robust covariance, too."
    if not changed:
        return f"{said} No sign and no significance at {level} changes."
    return f"{said} {plural(changed, 'conclusion')} at {level} {'changes' if changed == 1 else 'change'}:"


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    if not rows:
        return []
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for row in rows:
        cells = ("" if row[c] is None else str(row[c]).replace("|", "\\|") for c in columns)
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]
