"""What a command is, a function whose parameters are its options; and the options that several commands share.

Commands are found without loading what they run.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from functools import cache, partial
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, TypeVar, get_args, get_origin, get_type_hints

from detente.base.code import decorated
from detente.base.environment import check_writable, special
from detente.base.errors import ConfigError, choices

if TYPE_CHECKING:
    import pandas as pd

    from detente.study.config import Project, Study

Group = Literal["study", "data", "models", "claims", "replication", "step"]
GROUPS: dict[Group, str] = {
    "study": "Studies, from raw files to a paper",
    "data": "Sources and panels",
    "models": "Models",
    "claims": "Claims and their robustness",
    "replication": "Replication and origin of results",
    "step": "Steps of the workflow, which Snakemake runs",
}
# Columns and lines of the output where it is no terminal.
PAGE = (100, 24)
F = TypeVar("F", bound=Callable[..., None])


@dataclass(frozen=True)
class Command:
    """A command as its function declares it; the summary is the first sentence of the docstring."""

    module: str
    summary: str
    group: Group
    example: str


@dataclass(frozen=True)
class Option:
    """What the type of a parameter does not say of an option; of options that are `exclusive`, one is required."""

    help: str
    metavar: str | tuple[str, ...] | None = None
    read: Callable[[str], Any] | None = None
    nargs: str | None = None
    exclusive: bool = False


@dataclass(frozen=True, kw_only=True)
class Output(Option):
    """A file that is written, or a `folder` of files; that it can be is known before the work starts.

    Its name has one of `endings`, if there are any.
    """

    folder: bool = False
    endings: tuple[str, ...] = ()


def command(group: Group, example: str) -> Callable[[F], F]:
    """Declare that a function is the command of its name; the example is what may follow the name.

    Its parameters are options, positional-only ones are arguments; `Annotated` says what each is for. A dataclass as
    a type stands for the options that are its fields. `true` by presence is `bool`, one or more values a `Sequence`.
    """
    assert group in GROUPS, example
    return lambda function: function


def spoken(name: str, group: Group | None = None) -> str:
    """The words by which a command is called: those of its function's name, which is one word of a step."""
    return name if (group or commands()[name].group) == "step" else name.replace("_", " ")


@cache
def commands() -> dict[str, Command]:
    """Every command by name, in the order of their groups; read from text, as importing all would take seconds."""
    found = {}
    for module, function, call in decorated(Path(__file__).parent, "command"):
        sentence = (ast.get_docstring(function) or "").split(".\n")[0].removesuffix(".")
        group, example = map(ast.literal_eval, call.args)
        call_of = f"detente {spoken(function.name, group)} {example}"
        found[function.name] = Command(f"detente.cli.{module}", sentence, group, call_of)
    order = list(GROUPS)
    return dict(sorted(found.items(), key=lambda item: (order.index(item[1].group), item[0])))


def described() -> str:
    """All commands with their summaries, by group; of those for people, an example each."""
    lines: list[str] = []
    for group, title in GROUPS.items():
        lines.append(f"{title}:")
        for name, each in commands().items():
            if each.group == group:
                lines.append(f"  {spoken(name):<17}{each.summary[0].lower()}{each.summary[1:]}")
                lines += [f"{'':<19}{each.example}"] if group != "step" else []
        lines.append("")
    return "\n".join([*lines, "`detente <command> --help` says which options a command has, with an example."])


def parsed(name: str, words: Sequence[str]) -> Callable[[], None]:
    """The call of a command that `words` ask for; ends the program as argparse does if they are no legal call.

    `replicate check …` is the command `replicate_check`.
    """
    if words and spoken(name) + f" {words[0]}" in map(spoken, commands()):
        name, words = f"{name}_{words[0]}", words[1:]
    declared = commands()[name]
    function = getattr(importlib.import_module(declared.module), name)
    parser = _Parser(
        prog=f"detente {spoken(name)}", description=f"{declared.summary}.", epilog=f"Example: {declared.example}"
    )
    one_of = cache(partial(parser.add_mutually_exclusive_group, required=True))
    options = {parameter.name: (parameter, *_said(hint)) for parameter, hint in _options(function)}
    for parameter, kind, option in options.values():
        place = one_of() if option.exclusive else parser
        flag = parameter.name if parameter.kind is parameter.POSITIONAL_ONLY else _flag(parameter.name)
        place.add_argument(flag, **_words(parameter, kind, option))
    parser.check_options(words)
    given = {n: tuple(v) if isinstance(v, list) else v for n, v in vars(parser.parse_args(words)).items()}
    outputs = {n: option for n, (_, _, option) in options.items() if isinstance(option, Output)}

    def run() -> None:
        _check_outputs(outputs, given)
        _made(function, given)

    return run


def _said(hint: Any) -> tuple[Any, Option]:
    """Type of an option, and what is said of it."""
    kind, said = get_args(hint)
    return kind, said if isinstance(said, Option) else Option(said)


def _flag(name: str) -> str:
    return f"--{name.rstrip('_').replace('_', '-')}"


def _check_outputs(outputs: Mapping[str, Output], given: Mapping[str, Any]) -> None:
    """Refuse an output that cannot be written, or would take the place of another file of the same command.

    Raises ConfigError naming the option, OSError naming the place.
    """
    paths = {name: path for name, path in given.items() if name in outputs and path is not None}
    taken = {os.path.realpath(p): n for n, given_ in given.items() if n not in outputs for p in _files(given_)}
    for name, path in paths.items():
        output, place = outputs[name], os.path.realpath(path)
        if special(Path(place)):
            continue
        if output.endings and path.suffix not in output.endings:
            legal = f"{'one of ' if len(output.endings) > 1 else ''}{', '.join(output.endings)}"
            raise ConfigError(f"{_flag(name)}: {path.name!r} must end in {legal}")
        if not output.folder and place in taken:
            raise ConfigError(f"{_flag(name)}: {path} is what {_flag(taken[place])} names, too; name another file")
        check_writable(path, folder=output.folder)
        taken[place] = name


def _files(given: Any) -> list[Path]:
    """Files that an option names."""
    values = given if isinstance(given, tuple) else (given,)
    return [value for value in values if isinstance(value, Path) and value.is_file()]


class _Parser(argparse.ArgumentParser):
    """A parser whose refusals say what is wrong and the way out, in place of the usage of all options."""

    def check_options(self, words: Sequence[str]) -> None:
        """Refuse a misspelled option before any that is missing for it; the beginning of a name will do."""
        known = [flag for action in self._actions for flag in action.option_strings if flag.startswith("--")]
        for flag in (word.partition("=")[0] for word in words if word.startswith("--")):
            if not any(option.startswith(flag) for option in known):
                self.error(f"{flag} is no option of {self.prog}; {choices(flag, known)}")

    def error(self, message: str) -> NoReturn:
        """End the program."""
        self.exit(2, f"{self.prog}: error: {message}\n{self.epilog}; `{self.prog} --help` lists the options.\n")


def _options(made: Callable[..., Any]) -> Iterator[tuple[inspect.Parameter, Any]]:
    """Every option with its annotation, those of a dataclass in its place."""
    hints = get_type_hints(made, include_extras=True)
    for name, parameter in inspect.signature(made).parameters.items():
        yield from _options(hints[name]) if is_dataclass(hints[name]) else [(parameter, hints[name])]


def _made(made: Callable[..., Any], given: dict[str, Any]) -> Any:
    """What a function or dataclass makes of the options that it declares."""
    hints, signature = get_type_hints(made), inspect.signature(made)
    call = signature.bind_partial()
    for name in signature.parameters:
        call.arguments[name] = _made(hints[name], given) if is_dataclass(hints[name]) else given[name]
    return made(*call.args, **call.kwargs)


def _words(parameter: inspect.Parameter, kind: Any, option: Option) -> dict[str, Any]:
    """What argparse shall know of an option."""
    kind = get_args(kind)[0] if get_origin(kind) is UnionType else kind
    endings = option.endings if isinstance(option, Output) else ()
    words: dict[str, Any] = {"help": f"{option.help} ({', '.join(endings)})" if endings else option.help}
    if parameter.kind is not parameter.POSITIONAL_ONLY:
        absent = parameter.default is parameter.empty
        words |= {"dest": parameter.name, "default": None if absent else parameter.default}
        words["required"] = absent and not option.exclusive
    if kind is bool:
        return words | {"action": "store_true"}
    inner = get_args(kind)
    words |= {"metavar": option.metavar, "nargs": option.nargs, "type": option.read or kind}
    if get_origin(kind) is Literal:
        words |= {"metavar": f"{{{','.join(inner)}}}", "type": partial(_one_of, inner)}
    elif inner and not option.read:
        several = len(inner) if get_origin(kind) is tuple else "+"
        one = partial(_one_of, get_args(inner[0])) if get_origin(inner[0]) is Literal else inner[0]
        words |= {"nargs": option.nargs or several, "type": one}
    if parameter.kind is parameter.POSITIONAL_ONLY and parameter.default is not parameter.empty:
        words |= {"nargs": "?", "default": parameter.default}
    return words


def _one_of(legal: Sequence[str], value: str) -> str:
    if value not in legal:
        raise argparse.ArgumentTypeError(f"invalid choice: {value!r}; {choices(value, legal)}")
    return value


Home = Annotated[Path | None, "folder of the project (default: here, or the one of the package)"]
Mirror = Annotated[Path | None, "folders of raw files to copy from, joined as in PATH (default: DETENTE_MIRROR)"]
Templates = Annotated[Path, "folder of templates (default: workflow/report)"]
PARQUET, CSV, JSON = (".parquet",), (".csv",), (".json",)
Parquet = Annotated[Path, Output("table to write", endings=PARQUET)]
Csv = Annotated[Path, Output("table to write", endings=CSV)]
Json = Annotated[Path, Output("file to write", endings=JSON)]


@dataclass(frozen=True)
class StudyOptions:
    """A study and its project."""

    study: Annotated[str, "name of the study"]
    root: Annotated[Path, "folder of the project (has config/)"] = Path()
    override: Annotated[Path | None, "a study file outside config/study"] = None

    def declared(self) -> tuple[Project, Study]:
        """The project as the study has it, and the study, as their files say: for steps that show no claim."""
        from detente.study.config import load_project

        project = load_project(self.root, self.override)
        study = project.study(self.study)
        return project.of(study), study

    def read(self) -> tuple[Project, Study]:
        """The same, with what claims of the study's own leave to the codebook."""
        from detente.study import completed

        project, study = self.declared()
        return completed(project), study

    def checked(self) -> tuple[Project, Study]:
        """The same, checked against the registries of sources, variables and estimators."""
        from detente.study import load

        project = load(self.root, self.override)
        study = project.study(self.study)
        return project.of(study), study


@dataclass(frozen=True)
class RecordOptions:
    """Tidy tables that are used beside the panel."""

    states: Annotated[Path, "tidy states, parquet"]
    exercises: Annotated[Sequence[Path], Option("tidy exercises, parquet, if there are any", nargs="*")] = ()

    def read(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Exercises, none where the study joins no source of them, and states."""
        import pandas as pd

        from detente.base.files import read_frame

        columns = ("exercise", "ccode", "year", "parties")
        none = pd.DataFrame({name: pd.Series(dtype="int64") for name in columns})
        exercises = pd.concat([read_frame(path) for path in self.exercises]) if self.exercises else none
        return exercises, read_frame(self.states)
