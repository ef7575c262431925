"""The paper's three equations, for typst and for the browser, with alternative text."""

from collections.abc import Mapping
from dataclasses import dataclass

from detente.report.tables.table import typst_string


@dataclass(frozen=True)
class Equation:
    """`typ` is typst mathematics, `mathml` the inside of a <math> element, `alt` a sentence."""

    typ: str
    mathml: str
    alt: str

    def typst(self) -> str:
        """Return the displayed equation as typst source."""
        return f"#math.equation(block: true, alt: {typst_string(self.alt)}, $ {self.typ} $)"

    def html(self) -> str:
        """Return the displayed equation as MathML."""
        return f'<div class="equation"><math display="block" alttext="{self.alt}">{self.mathml}</math></div>'


def _sub(base: str, index: str) -> str:
    return f"<msub>{base}<mrow>{index}</mrow></msub>"


def _i(*letters: str) -> str:
    return "".join(f"<mi>{letter}</mi>" for letter in letters)


def _o(sign: str) -> str:
    return f"<mo>{sign}</mo>"


def _sum(index: str) -> str:
    return f"<munder><mo>∑</mo><mi>{index}</mi></munder>"


def _outer(total: str, index: str) -> str:
    vector = _sub(f'<mi mathvariant="bold">{total}</mi>', _i(index))
    return f"{_sum(index)}{vector}<msup>{vector}<mo>′</mo></msup>"


_DYAD_YEAR = _i("a", "b", "t")
_LINEAR = (
    f"{_i('τ')}{_sub(_i('D'), _DYAD_YEAR)}{_o('+')}"
    f'<msup>{_sub("<mi mathvariant=bold>x</mi>", _DYAD_YEAR)}<mo>′</mo></msup><mi mathvariant="bold">β</mi>'
    f"{_o('+')}{_i('g')}<mo>(</mo>{_sub(_i('s'), _DYAD_YEAR)}<mo>)</mo>"
).replace("mathvariant=bold", 'mathvariant="bold"')
_BREAD = '<msup><mi mathvariant="bold">A</mi><mrow><mo>−</mo><mn>1</mn></mrow></msup>'

EQUATIONS: Mapping[str, Equation] = {
    "logistic": Equation(
        "Pr(Y_(a b t) = 1) = Lambda(alpha + tau D_(a b t) + bold(x)'_(a b t) bold(beta) + g(s_(a b t)))",
        f"<mi>Pr</mi><mo>(</mo>{_sub(_i('Y'), _DYAD_YEAR)}{_o('=')}<mn>1</mn><mo>)</mo>{_o('=')}"
        f"{_i('Λ')}<mo>(</mo>{_i('α')}{_o('+')}{_LINEAR}<mo>)</mo>",
        "The probability of an onset in dyad a b in year t is the logistic function of a constant, tau times "
        "the treatment, the controls times beta, and a function g of years at peace.",
    ),
    "two_way_linear": Equation(
        "Y_(a b t) = tau D_(a b t) + bold(x)'_(a b t) bold(beta) + g(s_(a b t))"
        " + alpha_(a b) + delta_t + epsilon_(a b t)",
        f"{_sub(_i('Y'), _DYAD_YEAR)}{_o('=')}{_LINEAR}{_o('+')}{_sub(_i('α'), _i('a', 'b'))}{_o('+')}"
        f"{_sub(_i('δ'), _i('t'))}{_o('+')}{_sub(_i('ε'), _DYAD_YEAR)}",
        "Onset in dyad a b in year t equals tau times the treatment, plus the controls times beta, plus a "
        "function g of years at peace, plus a dyad effect, a year effect and an error.",
    ),
    "dyadic": Equation(
        "hat(bold(V)) = bold(A)^(-1) (sum_i bold(U)_i bold(U)'_i - sum_d bold(S)_d bold(S)'_d) bold(A)^(-1)",
        f'<mover><mi mathvariant="bold">V</mi><mo>^</mo></mover>{_o("=")}{_BREAD}<mo>(</mo>'
        f"{_outer('U', 'i')}{_o('−')}{_outer('S', 'd')}<mo>)</mo>{_BREAD}",
        "The covariance is the inverse of A, times the sum over states of the outer product of U with itself "
        "minus the sum over dyads of the outer product of S with itself, times the inverse of A.",
    ),
}
