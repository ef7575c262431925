"""How a table that a command reads is written, where it is not recognised: `--read-as NAME=VALUE`."""

import re
from collections.abc import Sequence
from dataclasses import fields
from typing import Annotated, Any

from detente.base.errors import ConfigError, choices
from detente.base.tables import TableFormat
from detente.cli.command import Option

_WAYS = "separator, decimal, thousands, encoding, member, missing (more with commas between), header, row_names=True"
ReadAs = Annotated[Sequence[str], Option(f"how it is written, where not recognised: {_WAYS}", "NAME=VALUE")]


def written_as(words: Sequence[str]) -> TableFormat:
    """How a table is written, from "name=value"; several missing values have commas between."""
    legal = {field.name: field for field in fields(TableFormat) if field.name != "words"}
    said: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in legal:
            raise ConfigError(f"--read-as: {word!r} must read name=value; {choices(name, legal)}")
        said[name] = value
    if "missing" in said:
        said["missing"] = tuple(
            float(m) if re.fullmatch(r"[+-]?\d+\.?\d*", m) else m for m in said["missing"].split(",")
        )
    for flag in {"row_names", "text"} & set(said):
        said[flag] = said[flag] == "True"
    if "header" in said:
        if not re.fullmatch(r"[1-9]\d*", said["header"]):
            raise ConfigError(f"--read-as: header {said['header']!r} must be the number of a line or row, 1 or more")
        said["header"] = int(said["header"])
    for name, marks in {"decimal": ".,", "thousands": ",. '"}.items():
        if said.get(name, ".") not in marks:
            raise ConfigError(f"--read-as: {name} {said[name]!r} is not known; {choices(said[name], marks)}")
    return TableFormat(**said)
