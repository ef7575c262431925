"""Models of an R log: `summary()` of lm, glm and glm.nb, by the call and the table of coefficients below it."""

import re
from collections.abc import Mapping, Sequence

from detente.replicate.drafts import Draft
from detente.replicate.r_formulas import expression, split, terms_of, with_levels

NUMBER = r"(-?\d*\.?\d+(?:e[+-]?\d+)?)"
CALL = re.compile(r"^(?P<function>[\w.:]+)\((?:formula = )?(?P<rest>.*)$")
STATISTICS: Mapping[str, Sequence[str]] = {
    rf"Null deviance:\s*{NUMBER}": ("null_deviance",),
    rf"Residual deviance:\s*{NUMBER}\s+on\s+{NUMBER}": ("deviance", "df"),
    rf"AIC:\s*{NUMBER}": ("aic",),
    rf"Residual standard error:\s*{NUMBER}\s+on\s+{NUMBER}": ("rmse", "df"),
    rf"Multiple R-squared:\s*{NUMBER}": ("r2",),
    rf"Adjusted R-squared:\s*{NUMBER}": ("adjusted_r2",),
    rf"F-statistic:\s*{NUMBER}": ("f",),
}
LINKS = ("logit", "probit", "cloglog")
LEGEND = re.compile(r"Signif\. codes:\s*(?P<codes>.*)")
COLUMNS: Mapping[str, str] = {
    "Estimate": "estimate", "Std. Error": "std_error", "z value": "statistic", "t value": "statistic",
    "Pr(>|z|)": "p_value", "Pr(>|t|)": "p_value",
}  # fmt: skip


def models(text: str, columns: Sequence[str]) -> list[Draft]:
    """Every model of a log, in order; `columns` are those of the data."""
    lines = text.expandtabs().splitlines()
    starts = [i for i, line in enumerate(lines) if line.strip() == "Call:"]
    ends = [*starts[1:], len(lines)]
    return [_model(lines, start, end, columns) for start, end in zip(starts, ends, strict=True)]


def _model(lines: Sequence[str], start: int, end: int, columns: Sequence[str]) -> Draft:
    blank = next((i for i in range(start + 1, end) if not lines[i].strip()), end)
    call = " ".join(" ".join(lines[start + 1 : blank]).split())
    draft = Draft(f"line {start + 1}", start + 1, recipe="r")
    _asked(draft, call, columns)
    for i in range(blank, end):
        line = lines[i]
        if "Estimate" in line and "Std. Error" in line:
            _coefficients(draft, lines[i:end])
            draft.terms, draft.printed = with_levels(draft.terms, draft.printed)
        for pattern, names in STATISTICS.items():
            if numbers := re.search(pattern, line):
                draft.statistics |= dict(zip(names, numbers.groups(), strict=True))
        if numbers := re.search(rf"2 x log-likelihood:\s*{NUMBER}", line):
            draft.unread.append(f"2 x log-likelihood: {numbers[1]}: write half of it as log_likelihood")
        if re.search(r"deleted due to missingness|Theta:|not defined because of singularities", line):
            draft.unread.append(line)
    return draft


def _coefficients(draft: Draft, lines: Sequence[str]) -> None:
    order = [
        name
        for _, name in sorted((lines[0].index(title), name) for title, name in COLUMNS.items() if title in lines[0])
    ]
    for line in lines[1:]:
        if not line.strip() or line.startswith("---"):
            return
        found = re.fullmatch(rf"(?P<term>\S.*?)\s+(?P<cells>(?:(?:<\s*)?{NUMBER}\s*|NA\s*)+)(?P<stars>[*.]*)\s*", line)
        cells = re.findall(rf"<\s*{NUMBER}|{NUMBER}", found["cells"]) if found else []
        if found is None or len(cells) < 2:
            draft.unread.append(line)
            continue
        texts = [f"< {below}" if below else number for below, number in cells]
        draft.printed[found["term"].strip("`")] = dict(zip(order, texts, strict=False))


def _asked(draft: Draft, call: str, columns: Sequence[str]) -> None:
    """Estimator, outcome and terms of a call."""
    found = CALL.match(call)
    formula = split(found["rest"].removesuffix(")"), ",")[0] if found else ""
    outcome, tilde, right = formula.partition("~")
    if found is None or not tilde:
        draft.unread.append(f"the call {call!r}")
        return
    function = found["function"].split("::")[-1]
    draft.outcome = expression(outcome.strip())
    draft.name = f"line {draft.line}: {function} {outcome.strip()}"
    draft.estimator = _estimator(draft, function, call)
    terms, unread = terms_of(right)
    draft.unread += unread
    draft.terms = {term: expression(term) for term in terms}
    for word in re.findall(r"[A-Za-z.][\w.]*(?!\w*\()", f"{outcome} {' '.join(terms)}"):
        if word not in columns and word not in ("I", "log", "exp", "sqrt", "factor", "as.factor", "abs"):
            draft.unread.append(f"{word!r} is no column of the data: derive it")
    for key, said in {"subset = ": "the sample", "weights = ": "the weights", "offset = ": "the offset"}.items():
        if key in call:
            draft.unread.append(f"{said}: {call[call.index(key) :]}")


def _estimator(draft: Draft, function: str, call: str) -> str:
    if function == "glm.nb":
        draft.bread = "expected"
        return "negbin"
    if function == "lm":
        return "lpm"
    if function == "glm":
        family = re.search(r"family = \"?(\w+)", call)
        link = re.search(r"link = \"?(\w+)", call)
        if family and family[1] == "binomial":
            return link[1] if link and link[1] in LINKS else "logit"
        if family and family[1] in ("poisson", "gaussian"):
            return {"poisson": "poisson", "gaussian": "lpm"}[family[1]]
    draft.unread.append(f"{function!r}: no estimator is known for this call")
    return ""
