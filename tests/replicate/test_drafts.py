"""A file for a published table drafted from a log or a typeset table; what is not understood is marked."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from detente.cli import main
from detente.replicate import draft
from detente.replicate.reading import read_publication
from detente.replicate.stata_varlists import condition_of

COLUMNS = ["a", "b", "year", "onset", "trade1", "trade2", "ally", "contiguous", "gdp.pc"]
STATA = """\
. use dyads
. gen pairid=(1000*a)+b
. iis pairid
. #del ;
delimiter now ;
. /*col 1*/
> xtgee onset trade1-trade2 all contig if year>1950 & ally~=.,
>       family(binomial) link(logit) corr(ar1) force robust;

Iteration 1: tolerance = .016
note: 3 groups omitted

GEE population-averaged model                   Number of obs      =     1,942
Group and time vars:           pairid year      Number of groups   =       139
Correlation:                         AR(1)      Wald chi2(4)       =    148.35
                           (standard errors adjusted for clustering on pairid)
------------------------------------------------------------------------------
         |             Semi-robust
   onset |      Coef.   Std. Err.       z     P>|z|       [95% Conf. Interval]
---------+--------------------------------------------------------------------
  trade1 |  -.0554721   .0111323     -4.983   0.000       -.077291   -.0336532
  trade2 |  -50.38856   14.78995     -3.407   0.001      -79.37634   -21.40079
    ally |  -.3411687   .1746327     -1.954   0.051      -.6834424    .0011051
contiguous |      2.013   .1870071     10.764   0.000       1.646473    2.379527
   _cons |  -2.033442   .4699725     -4.327   0.000      -2.954572   -1.112313
------------------------------------------------------------------------------

. logit onset ally wealth, vce(cluster a)

Logistic regression                               Number of obs   =      18792
                                                  Wald chi2(2)    =     145.78
Log pseudolikelihood = -2784.2654                 Pseudo R2       =     0.0255
                                   (Std. Err. adjusted for 36 clusters in a)
------------------------------------------------------------------------------
             |               Robust
       onset | Odds Ratio   Std. Err.      z    P>|z|     [95% Conf. Interval]
-------------+----------------------------------------------------------------
        ally |   1.393990   .4891900    -1.75   0.079      .952420    2.164451
      wealth |   1.027199   .0099110    -3.30   0.001      .921451    1.132948
------------------------------------------------------------------------------
. mfx

variable |      dy/dx    Std. Err.     z    P>|z|  [    95% C.I.   ]      X
---------+--------------------------------------------------------------------
    ally |   .1039906      .04891    2.12   0.034   .008127  .199851       .5

. nbreg onset ally

       onset |      Coef.   Std. Err.      z    P>|z|     [95% Conf. Interval]
-------------+----------------------------------------------------------------
        ally |   .3139912   .4891900     0.64   0.521     -.644821    1.272803
    /lnalpha |   .7000000   .1000000                       .504003    .8959964
-------------+----------------------------------------------------------------
       alpha |   2.013753   .2013753                      1.655333    2.449778
------------------------------------------------------------------------------

. xtabond onset ally

       onset |      Coef.   Std. Err.      z    P>|z|     [95% Conf. Interval]
-------------+----------------------------------------------------------------
        ally |   .3139912   .4891900     0.64   0.079      .952420    2.164451
------------------------------------------------------------------------------
"""
R = """\
> summary(m1)

Call:
glm(formula = onset ~ ally + log(gdp.pc) + I(trade1^2) + ally:trade1,
    family = binomial(link = "probit"), data = d)

Coefficients:
             Estimate Std. Error z value Pr(>|z|)
(Intercept) -1.573012   0.512345  -3.070  0.00214 **
ally         0.241123   0.508912   0.474  0.63565
log(gdp.pc)  0.236456   0.019876  11.897  < 2e-16 ***
I(trade1^2)  0.001234   0.000987   1.250  0.21126
ally:trade1        NA         NA      NA       NA
---
Signif. codes:  0 '***' 0.001 '**' 0.01 '*' 0.05 '.' 0.1 ' ' 1

    Null deviance: 80.213  on 57  degrees of freedom
Residual deviance: 68.441  on 54  degrees of freedom
AIC: 76.441

Call:
lm(formula = onset ~ ally, data = d)

Coefficients:
            Estimate Std. Error t value Pr(>|t|)
(Intercept)   0.5123     0.0412   12.43   <2e-16 ***
ally          0.1000     0.0500    2.00    0.049 *

Residual standard error: 1.219 on 57 degrees of freedom
Multiple R-squared:  0.5123,\tAdjusted R-squared:  0.4952
F-statistic: 28.5 on 2 and 57 DF,  p-value: 2.5e-09
"""
LATEX = r"""
\begin{tabular}{lcc}
\hline
 & \multicolumn{1}{c}{Model 1} & \multicolumn{1}{c}{(2)} \\
\hline
Ally & $-0.24$\sym{**} & 0.11 \\
     & (0.10) & (0.09) \\
Trade\_1 & & 1.20\textsuperscript{***} \\
 & & [0.30] \\
Constant & 0.50 & 0.70 \\ % a comment
 & (0.20) & (0.20) \\
\hline
Observations & 1,942 & 1,900 \\
Log Likelihood & $-$278.4 & $-$270.1 \\
Dyad effects & Yes & No \\
\multicolumn{3}{l}{* p $<$ 0.10, ** p $<$ 0.05, *** p $<$ 0.01}
\end{tabular}
"""
CSV = 'Term,Model 1,(2)\nAlly,-0.24**,0.11\n,(0.10),(0.09)\nN,"1,942",1900\n"** p<0.05",,\n'
HTML = (
    "<table><tr><th></th><th>Model 1</th></tr><tr><td>Ally</td><td>&minus;0.24<sup>**</sup><br>(0.10)</td></tr>"
    "<tr><td>R<sup>2</sup></td><td>0.31</td></tr><tr><td colspan='2'>**p&lt;0.05</td></tr></table>"
)


def drafted(folder: Path, name: str, text: str | bytes) -> tuple[dict[str, Any], str]:
    """The content of a draft, which the reader of such files takes, and its text."""
    data, log = folder / "dyads.csv", folder / name
    pd.DataFrame({name: [1, 2] for name in COLUMNS}).to_csv(data, index=False)
    log.write_bytes(text if isinstance(text, bytes) else text.encode())
    made, _ = draft(data, log)
    (folder / "mine.yaml").write_text(made, encoding="utf-8")
    read_publication(folder / "mine.yaml")
    return yaml.safe_load(made)["models"], made


def test_a_log_of_stata_gives_commands_numbers_and_marks(tmp_path: Path) -> None:
    models, text = drafted(tmp_path, "table.log", STATA)
    gee, logit, negbin, other = models.values()
    assert gee["terms"] == ["trade1", "trade2", "ally", "contiguous"]
    assert (gee["estimator"], gee["options"], gee["vcov"]) == ("gee", {"working": "ar1"}, "pairid")
    assert gee["sample"] == "year>1950 and not missing(ally)" and gee["fixed_effects"] == ["pairid"]
    assert gee["printed"]["trade1"] == {
        "estimate": "-.0554721", "std_error": ".0111323", "statistic": "-4.983", "p_value": "0.000",
        "conf_low": "-.077291", "conf_high": "-.0336532",
    }  # fmt: skip
    assert gee["statistics"] == {"nobs": "1,942", "groups": "139", "wald_chi2": "148.35"}
    assert (logit["estimator"], logit["vcov"], logit["recipe"]) == ("logit", "a", "stata")
    # The error of an odds ratio is not that of the coefficient.
    assert logit["printed"]["ally"] == {"odds_ratio": "1.393990", "statistic": "-1.75", "p_value": "0.079"}
    assert logit["statistics"]["log_likelihood"] == "-2784.2654" and logit["statistics"]["clusters"] == "36"
    # The third number of these rows is an end of the interval, and no statistic.
    assert negbin["printed"]["/lnalpha"] == {"estimate": ".7000000", "std_error": ".1000000"}
    assert negbin["printed"]["alpha"] == {"estimate": "2.013753", "std_error": ".2013753"}
    assert "infeasible" in other
    for mark in (
        "note: 3 groups omitted",
        "'wealth' is no column of the data: derive it",
        "command 'xtabond': no estimator",
        "line 43: a table of marginal effects",
    ):
        assert f"# NOT READ: {mark}" in text


def test_data_that_a_log_opens_later_are_marked(tmp_path: Path) -> None:
    later = STATA.replace(". logit onset", ". use dyads2, clear\n\n. logit onset")
    _, text = drafted(tmp_path, "table.log", later)
    logit = text[text.index(": logit onset") :]
    assert "use dyads: other data" not in text
    assert logit.index(": use dyads2, clear: other data") < logit.index("outcome: onset")


def test_a_log_of_r_gives_calls_numbers_and_marks(tmp_path: Path) -> None:
    models, text = drafted(tmp_path, "table.txt", R)
    probit, linear = models.values()
    assert (probit["estimator"], probit["recipe"]) == ("probit", "r")
    assert probit["terms"] == ["ally", {"log(gdp.pc)": "log(`gdp.pc`)"}, {"I(trade1^2)": "trade1**2"},
                               {"ally:trade1": "ally * trade1"}]  # fmt: skip
    assert probit["printed"]["log(gdp.pc)"]["p_value"] == "< 2e-16"
    assert probit["statistics"] == {"null_deviance": "80.213", "deviance": "68.441", "df": "54", "aic": "76.441"}
    assert "ally:trade1" not in probit["printed"] and "# NOT READ: ally:trade1 NA NA NA NA" in text
    assert linear["statistics"] == {"rmse": "1.219", "df": "57", "r2": "0.5123", "adjusted_r2": "0.4952", "f": "28.5"}


@pytest.mark.parametrize(("name", "text"), [("t.tex", LATEX), ("t.csv", CSV), ("t.html", HTML)])
def test_a_typeset_table_gives_a_model_for_each_column(tmp_path: Path, name: str, text: str) -> None:
    models, made = drafted(tmp_path, name, text)
    first = models["Model 1"]
    assert first["printed"]["Ally"]["std_error"] == "(0.10)" and first["stars"]["**"] == 0.05
    assert first["printed"]["Ally"]["estimate"].replace("\N{MINUS SIGN}", "-") == "-0.24**"
    assert "taken for standard errors" in made
    if name == "t.tex":
        assert models["(2)"]["printed"]["Trade_1"] == {"estimate": "1.20***", "std_error": "[0.30]"}
        assert first["statistics"] == {"nobs": "1,942", "log_likelihood": "-278.4"}
        assert "# NOT READ: Dyad effects: Yes" in made


def test_a_table_of_word_is_read(tmp_path: Path) -> None:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    rows = [("", "Model 1"), ("Ally", "-0.24*"), ("", "(0.10)"), ("N", "1942")]
    cells = "".join(
        f"<w:tr>{''.join(f'<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>' for cell in row)}</w:tr>"
        for row in rows
    )
    with zipfile.ZipFile(tmp_path / "made.docx", "w") as archive:
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{space}"><w:tbl>{cells}</w:tbl></w:document>')
    models, made = drafted(tmp_path, "t.docx", (tmp_path / "made.docx").read_bytes())
    assert models["Model 1"]["printed"]["Ally"] == {"estimate": "-0.24*", "std_error": "(0.10)"}
    assert models["Model 1"]["statistics"] == {"nobs": "1942"} and "what stars stand for: guessed" in made


def test_conditions_of_stata_are_expressions() -> None:
    assert condition_of("x~=. & y==1 | !(z>2)") == "not missing(x) and y==1 or not (z>2)"
    assert condition_of("x==. & w<. & v<.5") == "missing(x) and not missing(w) and v<.5"


def test_a_draft_says_how_data_are_written_and_pins_further_files(tmp_path: Path) -> None:
    (tmp_path / "table.log").write_text(STATA)
    titled = pd.DataFrame({name: ["n.a.", 2] for name in COLUMNS}).to_csv(index=False, sep=";")
    (tmp_path / "dyads.csv").write_text(f"Table A1\n\n{titled}")
    pd.DataFrame({"state": [1]}).to_csv(tmp_path / "all states.csv", index=False)
    files = [str(tmp_path / name) for name in ("dyads.csv", "all states.csv")]
    out = tmp_path / "new.yaml"
    words = ["--log", str(tmp_path / "table.log"), "--out", str(out), "--read-as", "header=3", "missing=n.a.,-9"]
    assert main(["replicate", "new", *files, *words]) == 0
    made = yaml.safe_load(out.read_text(encoding="utf-8"))
    first = made["data"]["data"]
    assert (first["header"], first["missing_values"], first["missing"]) == (3, ["n.a.", -9], "largest")
    assert made["data"]["all_states"]["bytes"] == (tmp_path / "all states.csv").stat().st_size
    assert {model["data"] for model in made["models"].values()} == {"data"}


def test_a_draft_that_cannot_be_read_as_it_is_says_what_to_correct(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "table.txt").write_text(R.replace("log(gdp.pc)", "poly(trade1, 2)"))
    pd.DataFrame({name: [1, 2] for name in COLUMNS}).to_csv(tmp_path / "dyads.csv", index=False)
    words = [str(tmp_path / "dyads.csv"), "--log", str(tmp_path / "table.txt"), "--out", str(tmp_path / "new.yaml")]
    assert main(["replicate", "new", *words]) == 1
    captured = capsys.readouterr()
    assert "2 models" in captured.out and (tmp_path / "new.yaml").is_file()
    assert "the draft is written, and has besides what is marked to be corrected" in captured.err
    assert "there is no function 'poly'" in captured.err


def test_formulas_of_r_are_read_to_their_end(tmp_path: Path) -> None:
    formula = "onset ~ log(gdp.pc + 1) * ally * trade1 + factor(year) + contiguous + offset(log(trade2)) - 1"
    rows = ["log(gdp.pc + 1)", "ally", "trade1", "factor(year)1951", "contiguousyes", "ally:trade1"]
    table = "\n".join(f"{row:<24} 0.1000 0.0500 2.000 0.0455 *" for row in rows)
    text = f"""\
Call:
glm(formula = {formula}, family = poisson, data = subset(d, year > 1950),
    subset = ally < 2)

Coefficients:
                        Estimate Std. Error z value Pr(>|z|)
{table}
"""
    (model,), made = drafted(tmp_path, "table.txt", text)[0].values(), drafted(tmp_path, "table.txt", text)[1]
    assert model["terms"] == [
        {"log(gdp.pc + 1)": "log(`gdp.pc` + 1)"}, "ally", "trade1", {"factor(year)": "dummies(year)"},
        {"contiguous": "dummies(contiguous)"}, {"log(gdp.pc + 1):ally": "log(`gdp.pc` + 1) * ally"},
        {"log(gdp.pc + 1):trade1": "log(`gdp.pc` + 1) * trade1"}, {"ally:trade1": "ally * trade1"},
        {"log(gdp.pc + 1):ally:trade1": "log(`gdp.pc` + 1) * ally * trade1"},
    ]  # fmt: skip
    assert list(model["printed"])[3:5] == ["factor(year)[1951]", "contiguous[yes]"]
    for mark in (
        "what the formula takes out: - 1",
        "offset(log(trade2)) of the formula",
        "the sample: subset = ally < 2",
    ):
        assert f"# NOT READ: {mark}" in made


def test_the_command_pins_the_data_and_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drafted(tmp_path, "table.log", STATA)
    words = ["replicate", "new", str(tmp_path / "dyads.csv"), "--log", str(tmp_path / "table.log"), "--out"]
    assert main([*words, str(tmp_path / "new.yaml")]) == 0
    assert "4 models, 60 numbers" in capsys.readouterr().out
    assert (
        yaml.safe_load((tmp_path / "new.yaml").read_text())["data"]["data"]["bytes"]
        == (tmp_path / "dyads.csv").stat().st_size
    )
    assert main([*words, str(tmp_path / "new.yaml")]) == 1
    assert "is there already" in capsys.readouterr().err
    (tmp_path / "table.log").write_text("nothing here\n")
    assert main([*words, str(tmp_path / "other.yaml")]) == 1
    assert "no table of coefficients is found" in capsys.readouterr().err
