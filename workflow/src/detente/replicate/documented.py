"""The reference of published tables, made from what the code declares: `docs/replication-reference.md`.

Which estimator has which number is found by asking every one for every number, on made-up data.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from inspect import Parameter, signature
from typing import Any

import numpy as np
import pandas as pd

from detente.base.delimited import SEPARATORS
from detente.base.errors import DetenteError, UnsupportedCovariance
from detente.base.expressions import FUNCTIONS, Table
from detente.base.strict import Strict
from detente.base.tables import FORMATS
from detente.replicate.auditing import Audit
from detente.replicate.descriptive import DESCRIPTIVE
from detente.replicate.drafting import TYPESET
from detente.replicate.effects import AT_PLACES, AVERAGES, EFFECTS, PARTS
from detente.replicate.linked import Link, OnPanel
from detente.replicate.models import Fitted, Published, documented_options, estimate
from detente.replicate.own import OWN
from detente.replicate.quantities import TERM, number_of
from detente.replicate.recipes import documented
from detente.replicate.schema import DataFile, Model, Panel, Publication
from detente.replicate.spatial import WORDS
from detente.replicate.steps import SUMMARIES, Append, Collapse, DateParts, Merge, Reshape, Step
from detente.replicate.targets import Derived, Target, Tolerance
from detente.replicate.verdicts import FAILING, STATUSES
from detente.replicate.whole import WHOLE
from detente.stats import REGISTRY, get
from detente.stats.covariance import CONVENTIONS, KINDS

HEAD = """\
# Reference of published tables

Made from the code by `detente replicate reference --out docs/replication-reference.md`; how to use it all is told in
[replicate-a-table.md](replicate-a-table.md).
"""
# Outcomes of the made-up data by what an estimator models.
_OUTCOMES = {"any": "y", "binary": "event", "levels": "level", "amount": "count", "count": "count", "duration": "time"}
# Arguments that a number cannot do without.
_ASKED = {"benchmark": "z", "clusters": "g", "text": "x", "condition": "x > 0"}


def reference() -> str:
    """The page, as Markdown."""
    parts = [HEAD, *_of_files(), *_of_models(), *_of_numbers()]
    return "\n".join(parts) + "\n"


def _of_files() -> Iterator[str]:
    yield "## Files\n"
    yield f"Data are read by their endings: {_listed(FORMATS)}. `separator:` is one character, or "
    yield f"{_listed(SEPARATORS)}. Drafts (`detente replicate new`) are made of logs of Stata and R, and of tables as"
    yield f"{_listed(TYPESET)}.\n"
    yield f"Keys of a file, whose name is the id of the table:\n\n{_keys(Publication, left_out=('id',))}\n"
    yield f"Keys of a data file:\n\n{_keys(DataFile)}\n\nof its `panel`:\n\n{_keys(Panel)}\n"
    yield f"## Steps\n\n{_keys(Step)}\n"
    parts: Mapping[str, type[Strict]] = {
        "merge": Merge, "append": Append, "dates": DateParts, "reshape": Reshape, "collapse": Collapse,
    }  # fmt: skip
    for name, kind in parts.items():
        yield f"Keys of `{name}`:\n\n{_keys(kind)}\n"
    yield f"`collapse` takes {_listed(SUMMARIES)}. Functions of expressions: {_listed(FUNCTIONS)}.\n"


def _of_models() -> Iterator[str]:
    yield f"## Models\n\n{_keys(Model)}\n"
    others: Mapping[str, type[Strict]] = {
        "a printed number": Target, "`within`": Tolerance, "`derived`": Derived, "`claims`": Link,
        "the `panel` of a claim": OnPanel, "`audit`": Audit,
    }  # fmt: skip
    yield from (f"Keys of {name}:\n\n{_keys(kind)}\n" for name, kind in others.items())
    yield f"Statuses of a number: {_listed(STATUSES)}; the command exits with 1 for {_listed(FAILING)}.\n"
    yield f"## Estimators\n\n{_listed(_estimators())}; those that only published tables use: {_listed(sorted(OWN))}.\n"
    yield f"{documented_options()}\n\n## Recipes\n\n{documented()}\n\n## Covariances\n"
    yield f"`vcov`: {_listed(KINDS)}, a column or `dyad` to cluster by, several joined by `+`, `driscoll_kraay(lags)`, "
    yield f"`pcse(unit)`, `conley(latitude, longitude, kilometres)` with the further words {_listed(WORDS)}."
    yield "Statistics of these three have the normal distribution, or t with degrees of freedom that a last word says,"
    yield "`df=40`, such as rows less parameters (R's fixest) or periods less one (Stata's `xtscc`); `df=states` and"
    yield "`df=satterthwaite` are of dyadic covariances alone, as in `dyadic(df=states)`."
    yield f"`ssc`: {_listed(CONVENTIONS)}.\n"


def _of_numbers() -> Iterator[str]:
    yield "## Numbers of a term\n"
    yield f"Of a risk, or what a term does to it, each name also ends in {_listed(end for end in PARTS if end)}.\n"
    names = [name for name in TERM if name not in EFFECTS] + [*AVERAGES, *AT_PLACES]
    yield _having({name: TERM[name] for name in names}, "x", 2)
    yield "\n## Numbers of a model\n"
    yield _having(WHOLE, "", 1)
    rows = _listed(f"{name}({_shown(make, 1)})" for name, make in DESCRIPTIVE.items())
    yield f"\nOf its rows, of every estimator: {rows}."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _keys(kind: type[Strict], left_out: Collection[str] = ()) -> str:
    """Keys of a declaration: legal values, the default, what it says."""
    lines = ["| key | values | default | |", "|---|---|---|---|"]
    for name, field in kind.model_fields.items():
        if name in left_out:
            continue
        values = _values(_properties(kind).get(name, {}))
        default = "**needed**" if field.is_required() else _default(field.get_default(call_default_factory=True))
        lines.append(f"| `{name}` | {values} | {default} | {field.description or ''} |")
    return "\n".join(lines)


def _properties(kind: type[Strict]) -> Mapping[str, Any]:
    schema = kind.model_json_schema()
    found = [schema, *schema.get("anyOf", ())]
    return next((dict(part["properties"]) for part in found if "properties" in part), {})


def _default(value: Any) -> str:
    return "" if value in (None, "", (), {}, False) else f"`{value}`"


def _values(schema: Mapping[str, Any]) -> str:
    """Legal values of a key, by its JSON schema."""
    if "enum" in schema:
        return _listed(map(str, schema["enum"]))
    parts = [_values(part) for part in schema.get("anyOf", ()) if part.get("type") != "null"]
    if parts:
        return " or ".join(dict.fromkeys(filter(None, parts)))
    kinds = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true, false",
             "array": "list", "object": "mapping"}  # fmt: skip
    of = schema.get("type", "")
    if isinstance(of, list):
        return " or ".join(kinds.get(str(each), str(each)) for each in of)
    return kinds.get(str(of), "mapping" if "$ref" in schema else "")


def _shown(make: Callable[..., float], skipped: int) -> str:
    """Arguments of a number, those with a default in brackets."""
    found = list(signature(make).parameters.values())[skipped:]
    given = [p for p in found if p.kind is not Parameter.KEYWORD_ONLY]
    needed = [p for p in given if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    return ", ".join(p.name if p in needed else f"[{p.name}]" for p in given)


def _having(numbers: Mapping[str, Callable[..., float]], term: str, skipped: int) -> str:
    """Which estimators have each number, and what it takes."""
    lines = ["| number | takes | of |", "|---|---|---|"]
    for name, make in numbers.items():
        required = [p for p in list(signature(make).parameters.values())[skipped:]
                    if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]  # fmt: skip
        asked = ", ".join(_ASKED.get(p.name, "1") for p in required)
        risk = {"risk": "1"}.get(name, "") if term else ""
        text = f"{name}({asked or risk})" if asked or risk else name
        able = [each for each in _estimators() if _has(each, term, text)]
        lines.append(f"| `{name}` | {_shown(make, skipped)} | {_those(able)} |")
    return "\n".join(lines)


def _those(able: list[str]) -> str:
    others = [name for name in _estimators() if name not in able]
    if not others:
        return "all"
    return f"all but {_listed(others)}" if len(others) < len(able) else _listed(able)


def _has(estimator: str, term: str, quantity: str) -> bool:
    fitted = _fitted(estimator)
    try:
        return bool(np.isfinite(number_of(fitted, term, quantity)))
    except DetenteError:
        return False


def _estimators() -> tuple[str, ...]:
    return tuple(sorted({*OWN, *REGISTRY}))


@cache
def _fitted(estimator: str) -> Fitted:
    """A model of made-up data by an estimator, with errors clustered by group if it has them."""
    data = DataFile(file="made.csv", address=None, bytes=1, sha256="0" * 64, sides=("a", "b"))
    shared = {"read_in": "made up", "estimator": estimator, "ssc": "none", "statistics": {"nobs": 1}}
    given = {"terms": ["x", "z"], **shared, **(_of_own if estimator in OWN else _of_registry)(estimator)}
    for vcov in ("g", "classical"):
        model = Model.model_validate(given | {"vcov": vcov})
        try:
            return estimate(Published("made", model, data, name=estimator), Table(_made()))
        except UnsupportedCovariance:
            continue
    raise UnsupportedCovariance(f"estimator {estimator!r} has neither classical nor clustered errors")


def _of_own(estimator: str) -> dict[str, Any]:
    """Keys of a model by an estimator that only published tables use."""
    known = OWN[estimator]
    effects = {"fixed_effects": ["g"]} if known.grouped else {}
    return {"outcome": _OUTCOMES[known.outcome], **effects, **known.example}


def _of_registry(estimator: str) -> dict[str, Any]:
    """Keys of a model by what an estimator declares; one whose outcome has no bounds may still be of odds."""
    known = get(estimator)
    kind = "binary" if known.outcome == "any" and known.link == "logit" else known.outcome
    made: dict[str, Any] = {"outcome": _OUTCOMES[kind]}
    if known.needs_effects:
        made["fixed_effects"] = ["g"]
    if known.needs_instruments:
        made |= {"endogenous": ["x"], "instruments": ["w"]}
    if known.relative:
        made["names"] = {"x": "x[2]"}
    return made


@cache
def _made() -> pd.DataFrame:
    """Three hundred rows of thirty groups, with outcomes of every kind."""
    rng = np.random.default_rng(1)
    rows = 300
    frame = pd.DataFrame(rng.normal(size=(rows, 3)), columns=["x", "z", "w"])
    frame["x"] += frame["w"]
    frame["g"] = np.arange(rows) % 30
    frame["a"], frame["b"] = frame["g"] // 6, 5 + frame["g"] % 6
    shared = rng.normal(size=30)[frame["g"]]
    frame["y"] = frame["x"] + shared + rng.normal(size=rows)
    frame["event"] = (frame["x"] + shared + rng.logistic(size=rows) > 0).astype(float)
    frame["level"] = np.digitize(frame["y"], [-0.5, 0.5]) + 0.0
    always = rng.uniform(size=rows) < 1 / (1 + np.exp(1 - frame["w"]))
    frame["count"] = np.where(always, 0, rng.poisson(np.exp(0.5 + 0.3 * frame["x"]) * rng.gamma(2, 0.5, size=rows)))
    frame["time"] = rng.weibull(1.5, size=rows) * np.exp(-frame["x"] / 4) + 0.01
    return frame
