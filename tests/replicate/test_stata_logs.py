"""Stata logs as they are in packages, of old and new versions: read, or said not to be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from detente.base.errors import SourceSchemaError
from detente.replicate import draft
from detente.replicate.reading import read_publication

COLUMNS = ["statea", "stateb", "year", "onset", "allies", "contigkb", "logdstab", "smldep", "region", "class", "trade"]
# Stata 6: commands over several lines after #delimit, comments before them, a pager, tables nine characters wide.
OLD = """\
. do table1

. /* disputes, all dyads, for the reply:
> first draft */
. use dyads
(Disputes, all dyads)

. gen dyadid=(1000*statea)+stateb

. quietly by statea stateb: gen lntrade=ln(trade[_n-1]) if year-1==year[_n-1] &
>  year>1950

. iis dyadid

. #del ;
delimiter now ;
. /*column 1*/
> xtgee onset smldep all contig logd,
>       family(binomial) link(logit) corr(exc) robust;

Iteration 1: tolerance = .0168

GEE population-averaged model                   Number of obs      =     11594
Group variable:                     dyadid      Number of groups   =       313
Correlation:                  exchangeable
                                                Wald chi2(4)       =    148.35
Scale parameter:                         1      Prob > chi2        =    0.0000

                           (standard errors adjusted for clustering on dyadid)
------------------------------------------------------------------------------
         |             Semi-robust
   onset |      Coef.   Std. Err.       z     P>|z|       [95% Conf. Interval]
---------+--------------------------------------------------------------------
  smldep |  -50.38856   14.78995     -3.407   0.001      -79.37634   -21.40079
  allies |  -.3411687   .1746327     -1.954   0.051      -.6834424    .0011051
--more--
contigkb |      2.013   .1870071     10.764   0.000       1.646473    2.379527
logdstab |  -.4528129   .0570821     -7.933   0.000      -.5646918    -.340934
   _cons |  -2.033442   .4699725     -4.327   0.000      -2.954572   -1.112313
------------------------------------------------------------------------------

.  /*column 2*/
> xtlogit onset smldep allies contig logdstab, fe i(dyadid);

Note: 275 groups (9715 obs) dropped due to all positive or negative outcomes.
Note: logdstab omitted due to no within-group variance.
Iteration 0:   log likelihood = -285.42087

Conditional (fixed-effects) logistic regression   Number of obs   =       1879
                                                  LR chi2(3)      =      45.78
                                                  Prob > chi2     =     0.0000
Log likelihood = -278.42654                       Pseudo R2       =     0.0255

------------------------------------------------------------------------------
   onset |      Coef.   Std. Err.       z     P>|z|       [95% Conf. Interval]
---------+--------------------------------------------------------------------
  smldep |  -18.39399   10.48919     -1.754   0.079      -38.95242    2.164451
  allies |  -.4364347   .1266621     -3.446   0.001      -.6846879   -.1881815
contigkb |   1.797432   .2476947      7.257   0.000       1.311959    2.282905
------------------------------------------------------------------------------

.  testparm allies contigkb;

 ( 1)  allies = 0.0

           chi2(  2) =    7.76
         Prob > chi2 =    0.0213

. use trade;

. xtreg lntrade logdstab smldep if year>1950, fe i(dyadid);

Fixed-effects (within) regression               Number of obs      =     10432
Group variable (i) : dyadid                     Number of groups   =       291

R-sq:  within  = 0.7762                         Obs per group: min =        19
       between = 0.9844                                        avg =      35.8
                                                F(1,10140)         =    120.08
corr(u_i, Xb)  = 0.6797                         Prob > F           =    0.0000

------------------------------------------------------------------------------
 lntrade |      Coef.   Std. Err.       t     P>|t|       [95% Conf. Interval]
---------+--------------------------------------------------------------------
logdstab |  (dropped)
  smldep |   .0012344   .0005237      2.357   0.018       .0002079    .0022608
   _cons |  -2.214089   .0824284    -26.861   0.000      -2.375648   -2.052531
------------------------------------------------------------------------------
 sigma_u |  .46352756
     rho |   .3427644   (fraction of variance due to u_i)
------------------------------------------------------------------------------

. exit;

end of do-file
"""


def drafted(folder: Path, text: str) -> tuple[list[dict[str, Any]], str]:
    """Models of a draft, which the reader of such files takes, and its text."""
    data, log = folder / "dyads.csv", folder / "table.log"
    pd.DataFrame({name: [1, 2] for name in COLUMNS}).to_csv(data, index=False)
    log.write_text(text, encoding="utf-8")
    made, _ = draft(data, log)
    (folder / "mine.yaml").write_text(made, encoding="utf-8")
    read_publication(folder / "mine.yaml")
    return list(yaml.safe_load(made)["models"].values()), made


def marked(text: str, *words: str) -> None:
    """Whether a draft marks these words, each with the line of the log that it begins with."""
    for each in words:
        assert f"# NOT READ: {each}" in text, each


def line(log: str, words: str) -> str:
    """The number of the line that has these words, as a mark begins."""
    return f"line {next(i for i, each in enumerate(log.splitlines(), 1) if words in each)}:"


def test_a_log_of_stata_6_is_read_through_pagers_comments_and_omitted_terms(tmp_path: Path) -> None:
    (gee, clogit, within), text = drafted(tmp_path, OLD)
    assert (gee["terms"], gee["estimator"]) == (["smldep", "allies", "contigkb", "logdstab"], "gee")
    assert gee["options"] == {"working": "exchangeable"} and gee["fixed_effects"] == [gee["vcov"]] == ["dyadid"]
    assert list(gee["printed"]) == ["smldep", "allies", "contigkb", "logdstab", "_cons"]
    assert gee["statistics"] == {"nobs": "11594", "groups": "313", "wald_chi2": "148.35", "wald_p": "0.0000"}
    assert (clogit["estimator"], clogit["terms"]) == ("clogit", ["smldep", "allies", "contigkb"])
    assert clogit["statistics"]["lr_p"] == "0.0000" and clogit["statistics"]["log_likelihood"] == "-278.42654"
    # The outcome is a variable that the log makes, and no abbreviation of another.
    assert (within["outcome"], within["terms"], within["estimator"]) == ("lntrade", ["smldep"], "within")
    assert within["statistics"] == {"nobs": "10432", "groups": "291", "r2": "0.7762", "f": "120.08", "f_p": "0.0000"}
    marked(
        text,
        f"{line(OLD, 'gen dyadid')} gen dyadid=(1000*statea)+stateb",
        f"{line(OLD, 'gen lntrade')} gen lntrade=ln(trade[_n-1]) if year-1==year[_n-1] & year>1950",
        "'logdstab' has no row in the table, and is taken to be omitted",
        "'logdstab' is omitted: left out of the terms",
        f"{line(OLD, 'testparm')} testparm allies contigkb: what it prints is not read",
        f"{line(OLD, 'use trade')} use trade",
        f"{line(OLD, 'rho |')} rho | .3427644 (fraction of variance due to u_i)",
    )


# Stata 17: factor variables, names over two lines, cut names, a bound, an omitted and an empty level.
NEW = """\
. logit onset allies c.trade##c.trade i.region class logdstab, vce(cluster statea)
note: 3.region != 0 predicts failure perfectly;
      3.region omitted and 12 obs not used.

Logistic regression                                     Number of obs =    604
                                                        Wald chi2(6)  =  23.82
                                                        Prob > chi2   = 0.0006
Log pseudolikelihood = -300.27557                       Pseudo R2     = 0.0420

                              (Std. err. adjusted for 36 clusters in statea)
------------------------------------------------------------------------------
             |               Robust
       onset | Coefficient  std. err.      z    P>|z|     [95% conf. interval]
-------------+----------------------------------------------------------------
      allies |   .5882490   .2154671     2.73   0.006     .1659412    1.010557
       trade |  -.4368054   .1170151    -3.73  <0.001    -.6661508   -.2074601
             |
     c.trade#|
     c.trade |   .0012000   .0004000     3.00  < 0.01      .000416     .001984
             |
      region |
          2  |   .2000000   .1000000     2.00   0.046     .0040036    .3959964
          3  |          0  (empty)
             |
       class |   .1000000   .1000000     1.00   0.317    -.0959964    .2959964
    logdstab |          0  (omitted)
       _cons |  -1.125573   .2280708    -4.94   0.000    -1.572584   -.6785624
------------------------------------------------------------------------------

. margins, dydx(allies)

------------------------------------------------------------------------------
             |            Delta-method
             |      dy/dx   std. err.      z    P>|z|     [95% conf. interval]
-------------+----------------------------------------------------------------
      allies |    .091000   .0330000     2.76   0.006     .0263200    .1556800
------------------------------------------------------------------------------

. tabstat trade, by(region)

. ttest trade, by(allies)
   Group |     Obs        Mean    Std. Err.   Std. Dev.   [95% Conf. Interval]
---------+--------------------------------------------------------------------
       0 |     300        3.12     .1000000    1.732051    2.923000    3.317000
"""
# Stata 9: xi, a multinomial logit with its base, a negative binomial model, a random-effects probit.
MIDDLE = """\
. xi: mlogit onset allies i.region, cluster(statea)
i.region          _Iregion_1-3        (naturally coded; _Iregion_1 omitted)

Multinomial logistic regression                   Number of obs   =        616
                                                  Wald chi2(6)    =      23.82
                                 (Std. Err. adjusted for 36 clusters in statea)
------------------------------------------------------------------------------
             |               Robust
       onset |      Coef.   Std. Err.      z    P>|z|     [95% Conf. Interval]
-------------+----------------------------------------------------------------
1            |
      allies |   .5882490   .2154671     2.73   0.006     .1659412    1.010557
  _Iregion_2 |   .2000000   .1000000     2.00   0.046     .0040036    .3959964
  _Iregion_3 |   .3000000   .1000000     3.00   0.003     .1040036    .4959964
       _cons |  -1.125573   .2280708    -4.94   0.000    -1.572584   -.6785624
-------------+----------------------------------------------------------------
2            |
      allies |   .5882490   .2154671     2.73   0.006     .1659412    1.010557
  _Iregion_2 |   .2000000   .1000000     2.00   0.046     .0040036    .3959964
  _Iregion_3 |   .3000000   .1000000     3.00   0.003     .1040036    .4959964
       _cons |  -1.125573   .2280708    -4.94   0.000    -1.572584   -.6785624
------------------------------------------------------------------------------
(Outcome onset==0 is the comparison group)

. xtprobit onset allies contig, re i(statea)

Random-effects probit regression                Number of obs      =       616
Group variable (i): statea                      Number of groups   =        36
------------------------------------------------------------------------------
       onset |      Coef.   Std. Err.      z    P>|z|     [95% Conf. Interval]
-------------+----------------------------------------------------------------
      allies |   .5882490   .2154671     2.73   0.006     .1659412    1.010557
    contigkb |   .2000000   .1000000     2.00   0.046     .0040036    .3959964
       _cons |  -1.125573   .2280708    -4.94   0.000    -1.572584   -.6785624
-------------+----------------------------------------------------------------
    /lnsig2u |  -1.200000   .3000000                     -1.788000   -.6120000
-------------+----------------------------------------------------------------
     sigma_u |   .5488116   .0823217                      .4090000    .7363866
         rho |   .2314752   .0533682                      .1433000    .3516000
------------------------------------------------------------------------------

. dprobit onset allies

------------------------------------------------------------------------------
   onset |      dF/dx   Std. Err.      z    P>|z|     x-bar  [    95% C.I.   ]
---------+--------------------------------------------------------------------
  allies*|   .0910435   .0328538     2.77   0.006   .516484   .026650  .155436
------------------------------------------------------------------------------
"""


def test_a_log_of_stata_17_has_factors_names_on_two_lines_and_bounds(tmp_path: Path) -> None:
    (logit,), text = drafted(tmp_path, NEW)
    assert logit["terms"] == [
        "allies", "trade", {"c.trade#c.trade": "trade * trade"}, {"region": "dummies(region)"}, {"class": "`class`"}
    ]  # fmt: skip
    assert list(logit["printed"]) == ["allies", "trade", "c.trade#c.trade", "region[2]", "class", "_cons"]
    assert (
        logit["printed"]["trade"]["p_value"] == "<0.001" and logit["printed"]["c.trade#c.trade"]["p_value"] == "<0.01"
    )
    assert logit["statistics"] | {"clusters": "36", "wald_p": "0.0006"} == logit["statistics"]
    marked(text, "note: 3.region != 0 predicts failure perfectly;", "'logdstab' is omitted")
    marked(text, f"{line(NEW, 'dy/dx')} a table of marginal effects")
    marked(text, f"{line(NEW, 'Group |')} a table that is not read: Group | Obs Mean Std. Err.")


def test_a_log_of_stata_9_has_equations_dummies_of_xi_and_rows_made_of_a_coefficient(tmp_path: Path) -> None:
    (multinomial, probit), text = drafted(tmp_path, MIDDLE)
    assert multinomial["options"] == {"base": 0} and multinomial["estimator"] == "multinomial_logit"
    assert multinomial["terms"] == ["allies", {"region": "dummies(region)"}]
    assert list(multinomial["printed"])[:4] == ["[1]allies", "[1]region[2]", "[1]region[3]", "[1]_cons"]
    assert (probit["estimator"], probit["fixed_effects"], probit["terms"]) == (
        "probit_re",
        ["statea"],
        ["allies", "contigkb"],
    )
    assert probit["printed"]["/lnsig2u"] == {"estimate": "-1.200000", "std_error": ".3000000"}
    assert probit["derived"]["rho"] == {"term": "lnsig2u", "expression": "exp(value) / (1 + exp(value))"}
    marked(text, f"{line(MIDDLE, 'dF/dx')} a table of marginal effects")


def test_a_log_in_stata_s_markup_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(SourceSchemaError, match=r"in Stata's markup; in Stata, `translate"):
        drafted(tmp_path, "{smcl}\n{com}{sf}{ul off}{txt}{.-}\n")
