"""Strict reading of YAML: a model refuses what it does not know, and says where in which file.

A file may start from another with `extends: name`: mappings merge, lists replace.
"""

import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_origin
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from detente.base.errors import ConfigError, choices

IDENTIFIER = r"^[a-z][a-z0-9_]*$"
SLUG = r"^[a-z0-9][a-z0-9.-]*$"
ADDRESS = r"^https?://"
SHA256 = r"^[0-9a-f]{64}$"
BLOB = r"^[0-9a-f]{40}$"
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
ORCID = r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$"
# Names are parts of names of files, for which file systems have room of 255 letters.
LONGEST = 80
Identifier = Annotated[str, Field(pattern=IDENTIFIER, max_length=LONGEST)]
Slug = Annotated[str, Field(pattern=SLUG, max_length=LONGEST)]
Citekey = Annotated[str, Field(pattern=SLUG, max_length=LONGEST)]
Year = Annotated[int, Field(ge=1, le=2200)]
IN_WORDS = {
    IDENTIFIER: "must be lower-case letters, digits and underscores, a letter first",
    SLUG: "must be lower-case letters, digits, dots and hyphens, a letter or digit first",
    ADDRESS: "must begin with http:// or https://",
    EMAIL: "must be an address such as name@university.edu",
    ORCID: "must be an ORCID iD such as 0000-0002-1825-0097",
    SHA256: "must be 64 digits of 0-9 and a-f",
    BLOB: "must be 40 digits of 0-9 and a-f",
}


class Strict(BaseModel):
    """A frozen model that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _numbers(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse true and false where a number is meant, of which pydantic would make 1 and 0."""
        meant = cls.model_fields[str(info.field_name)].annotation
        within = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        values = [value, *(within if get_origin(meant) in (dict, tuple) else ())]
        if any(isinstance(one, bool) for one in values) and _numeric(meant):
            raise ValueError("must not be true or false, which YAML reads yes, no, on and off as, too")
        return value


def _numeric(meant: object) -> bool:
    """Whether a field is of numbers, and of nothing that true and false would be, too."""
    return bool(re.search(r"\b(int|float)\b", str(meant))) and not re.search(r"\b(bool|Any|object)\b", str(meant))


def _reachable(address: str) -> str:
    try:
        parts = urlsplit(address)
        named, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{address!r} is no address ({error})") from None
    if not named:
        raise ValueError(f"{address!r} is no address: it names no host")
    if any(character.isspace() for character in address):
        raise ValueError(f"{address!r} is no address: write a space in it as %20")
    return address


Address = Annotated[str, Field(pattern=ADDRESS), AfterValidator(_reachable)]
"""Of something on the network."""


def unrepeated(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names; raises ValueError if one is listed twice."""
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise ValueError(f"{', '.join(map(repr, twice))} must be listed only once")
    return names


def _forward(years: tuple[int, int]) -> tuple[int, int]:
    if years[0] > years[1]:
        raise ValueError(f"starts in {years[0]}, after it ends in {years[1]}")
    return years


M = TypeVar("M", bound=Strict)
T = TypeVar("T", bound=str)
Once = Annotated[tuple[T, ...], AfterValidator(unrepeated)]
"""A list that names nothing twice."""
Window = Annotated[tuple[Year, Year], AfterValidator(_forward)]
"""First and last year."""


# The parser in C where PyYAML has it: ten times as fast.
_Safe: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):  # type: ignore[misc, valid-type]
    """Refuses a key given twice, of which YAML would keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                problem = f"{key.value!r} is given twice"
                raise yaml.constructor.ConstructorError(problem=problem, problem_mark=key.start_mark)
            seen.add(key.value)
        return dict(super().construct_mapping(node, deep))


def files(folder: Path) -> list[Path]:
    """YAML files of a folder, sorted; raises ConfigError for one of another ending, which would be passed over."""
    for path in sorted(folder.glob("*.y*ml")) if folder.is_dir() else ():
        if path.suffix != ".yaml":
            raise ConfigError(f"{shown(path)}: files of this folder end in .yaml; rename it {path.stem}.yaml")
    return sorted(folder.glob("*.yaml"))


def read(path: Path, model: type[M]) -> M:
    """Read a YAML file into its model; raises ConfigError with all problems of the file together."""
    return validated(path, model, content(path))


def content(path: Path) -> Any:
    """What a YAML file holds; raises ConfigError if it cannot be read."""
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        return pickle.loads(_parsed(text))
    except OSError as error:
        raise ConfigError(f"{shown(path)}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{shown(path)}: is not UTF-8 text (byte {error.start})") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        # An open bracket is missed after the last line.
        lines = text.splitlines()
        line = f":{min(mark.line + 1, len(lines))}" if mark else ""
        problem = getattr(error, "problem", None) or error
        ticked = mark and mark.line < len(lines) and lines[mark.line].startswith("`", mark.column)
        way = ": what begins with a back-tick stands in quotes" if ticked else ""
        raise ConfigError(f"{shown(path)}{line}: cannot be read as YAML ({problem}{way})") from error


@lru_cache(maxsize=1024)
def _parsed(text: str) -> bytes:
    """What a YAML text holds, as bytes of which each reader makes its own; raises YAMLError."""
    return pickle.dumps(yaml.load(text, _Loader))


def validated(path: Path, model: type[M], raw: Any, under: Sequence[str | int] = ()) -> M:
    """Make `raw` a `model`: the content of the file at `path`, or what stands there `under` these keys.

    Raises ConfigError with all its problems.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise ConfigError("\n".join(_problem(path, model, e, under) for e in error.errors())) from error


def _problem(path: Path, model: type[BaseModel], error: Any, under: Sequence[str | int]) -> str:
    keys = [k for k in error["loc"] if k != "[key]"]
    whole = [*under, *keys]
    where = " › ".join([located(path, whole), *map(str, whole)])
    return f"{where}: {_fault(model, keys, error)}"


def _fault(model: type[BaseModel], keys: list[Any], error: Any) -> str:
    kind, found, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown key; {choices(str(keys[-1]), _fields(model, keys[:-1]))}"
    if kind == "literal_error":
        legal = re.findall(r"'([^']*)'", context["expected"])
        return f"{found!r} is not known; {choices(str(found), legal)}"
    if kind == "missing":
        return "this key is missing" if isinstance(keys[-1], str) else "this entry is missing"
    if kind == "value_error":
        return str(context["error"])
    least = context.get("min_length")
    words = {
        "string_pattern_mismatch": IN_WORDS.get(context.get("pattern", "")),
        "model_type": "must be a mapping of keys to values",
        "dict_type": "must be a mapping of keys to values",
        "tuple_type": "must be a list",
        "date_type": "must be a date such as 2026-01-31",
        "string_too_short": "must not be empty" if least == 1 else f"must have at least {least} characters",
        "string_too_long": f"must have at most {context.get('max_length')} characters",
        "too_short": f"must have at least {least} entries",
        "too_long": f"must have at most {context.get('max_length')} entries",
    }.get(kind) or error["msg"].replace("Input should", "must")
    shown = repr(found)
    cut = [key for key in keys if isinstance(key, str) and key.count("(") < key.count(")")] if found is None else []
    if cut:
        return f"{words}: {cut[0]!r} is the end of an expression with a comma, which within {{ }} stands in quotes"
    return f"{words} (found {shown if len(shown) <= 80 else f'{shown[:79]}…'})"


def _fields(model: type[BaseModel], keys: list[Any]) -> list[str]:
    """Legal keys of the model that `keys` leads to."""
    for key in (k for k in keys if k in model.model_fields):
        model = next(_models(model.model_fields[key].annotation), model)
    return [name for name in model.model_fields if name != "id"]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models(argument)


def located(path: Path, keys: Sequence[Any]) -> str:
    """`file:line` of the deepest of `keys` that the file holds."""
    return f"{shown(path)}:{line_of(path, keys)}"


def line_of(path: Path, keys: Sequence[Any]) -> int:
    """Line of the deepest of `keys` that the file holds."""
    node = yaml.compose(path.read_text(encoding="utf-8"), _Safe)
    line = 1
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == str(key)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            break
    return line


def shown(path: Path) -> str:
    """Return the path from `config` on, or the bare name of a file elsewhere."""
    parts = path.parts
    return "/".join(parts[len(parts) - parts[::-1].index("config") - 1 :]) if "config" in parts else path.name


def chain(path: Path, shipped: Mapping[str, Path]) -> tuple[Path, ...]:
    """A valid file and those that it extends, nearest first."""
    base = content(path).get("extends")
    return (path, *chain(shipped[base], shipped)) if base else (path,)


def extended(path: Path, shipped: Mapping[str, Path], before: tuple[Path, ...] = ()) -> Any:
    """Content of a file with that of all it extends, which are among the `shipped` ones.

    Raises ConfigError if it extends what is not there, or what extends it in turn, or has no name of its own.
    """
    raw = content(path)
    if not isinstance(raw, dict) or "extends" not in raw:
        return raw
    base = raw.pop("extends")
    where = f"{located(path, ['extends'])} › extends"
    if not isinstance(base, str) or base not in shipped:
        raise ConfigError(f"{where}: no study is called {base!r}; {choices(str(base), shipped)}")
    if shipped[base] in (*before, path):
        raise ConfigError(f"{where}: {base!r} extends this study in turn")
    if "name" not in raw:
        raise ConfigError(f"{located(path, [])}: a study that extends another needs a `name` of its own")
    return _merged(extended(shipped[base], shipped, (*before, path)), raw)


def _merged(base: Any, over: Any) -> Any:
    if isinstance(base, dict) and isinstance(over, dict):
        return {**base, **{k: _merged(base.get(k), v) for k, v in over.items()}}
    return over
