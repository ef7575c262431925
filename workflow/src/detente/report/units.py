"""What is written of dyads, said of the unit of a study's panel.

Prose, notes and headings are written once, of dyads. A study of states says the same of states, but for what holds of
pairs alone, which asks for its unit.
"""

import re
from collections.abc import Mapping

from detente.base.units import Unit

SAID: Mapping[Unit, str] = {"state-year": "state"}
"""What a unit is called whose rows are no dyads."""
_DYAD = re.compile(r"\b([Dd])yad(s?(?:-years?)?)\b")
_EXPRESSION = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", flags=re.DOTALL)
# A word that a template prints stands among the arguments of a macro; others are compared with.
_PRINTED = re.compile(r'(?<=, )"(dyads?(?:-years?)?)"')


def of_unit(text: str, unit: Unit) -> str:
    """A text about dyads, of the unit."""
    if unit not in SAID:
        return text
    word = SAID[unit]
    return _DYAD.sub(lambda m: f"{word.capitalize() if m[1] == 'D' else word}{m[2]}", text)


def template_of_unit(source: str, unit: Unit) -> str:
    """A template about dyads, of the unit: its text, and the words that its macros print."""
    if unit not in SAID:
        return source
    parts = _EXPRESSION.split(source)
    return "".join(
        _PRINTED.sub(lambda m: f'"{of_unit(m[1], unit)}"', part) if i % 2 else of_unit(part, unit)
        for i, part in enumerate(parts)
    )
