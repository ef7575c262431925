"""What a study's file defines of its own, beside what is shipped: samples, controls, claims and variables.

Items of `samples` and `claims` are names of what is defined elsewhere, or definitions. What a definition leaves out has
a default; those that are made of the codebook's words (`OF_CODEBOOK`) are filled in by `detente.study.completing`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import model_validator

from detente.base import strict
from detente.base.errors import ConfigError
from detente.base.strict import Strict
from detente.data import Expressed, SourceRecord
from detente.study.config.claims import Claim, Control, Evidence, Moderator, Placebo, Sample

if TYPE_CHECKING:
    from detente.data.record import OwnData

Keys = tuple[str | int, ...]
OF_CODEBOOK = ("label", "statement", "instrument", "design", "contrast", "placebos")
"""Fields of a claim whose defaults are made of what is known of its treatment."""
OF_UNIT: Mapping[Any, Mapping[str, bool]] = {"directed-dyad-year": {"directed": True}, "state-year": {"states": True}}
"""What a study's unit says of the claims that it defines."""
DEFINED = ("samples", "controls", "claims", "variables", "data")
"""Keys of a study's file under which it may define something."""
MAPPINGS = ("controls", "variables")
"""Those under which there are definitions alone, by name."""
WORDS = {"data": "source"}
"""What a definition is called whose key is no plural."""
CONFOUNDER_LAG = 2
NO_REASON = "The study's file gives no reason."
NO_CLASS = "How strong a test of it the public record is, the study's file does not say."


class OwnSample(Sample):
    """A sample; the expression alone suffices."""

    @model_validator(mode="before")
    @classmethod
    def _said(cls, data: Any) -> Any:
        """What is said of it, in full."""
        said = {"expression": data} if isinstance(data, str) else data
        if not isinstance(said, dict):
            return said
        label = str(said.get("name", "")).replace("_", " ").capitalize()
        return {"label": label, "why": NO_REASON, **said}


class OwnControl(Control):
    """A control; variable and role suffice."""

    label: str = ""
    why: str = NO_REASON

    @model_validator(mode="before")
    @classmethod
    def _timed(cls, data: Any) -> Any:
        """Before the treatment of the year before the outcome, but for what its role exempts from that."""
        if not isinstance(data, dict):
            return data
        exempt = data.get("role") in ("geography", "duration")
        return {"lag": 0 if exempt else CONFOUNDER_LAG, **data}


class OwnModerator(Moderator):
    """A moderator; its variable suffices."""

    label: str = ""


class OwnPlacebo(Placebo):
    """A negative control; variable and lag suffice."""

    label: str = ""


class OwnClaim(Claim):
    """A claim; its name, treatment, outcome, controls and what it expects suffice."""

    label: str = ""
    statement: str = ""
    instrument: str = ""
    design: str = ""
    evidence: Evidence = "unstated"
    why: str = NO_CLASS
    moderator: OwnModerator | None = None
    placebos: tuple[OwnPlacebo, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _judged(cls, data: Any) -> Any:
        """Claims about what an effect depends on are judged together, and so are those about who starts a dispute."""
        if not isinstance(data, dict):
            return data
        family = "moderators" if data.get("moderator") else "deterrence" if data.get("directed") else "instruments"
        return {"family": family, **data}


@dataclass(frozen=True)
class OwnTable:
    """A table of the user's own: what it says, where it lies, and its record, pinned as it is."""

    definition: "OwnData"
    path: Path
    record: SourceRecord


@dataclass(frozen=True)
class Own:
    """What studies define, by name; `places` says where: the file and the keys that lead there, by kind and name."""

    samples: Mapping[str, Sample] = field(default_factory=dict)
    controls: Mapping[str, Control] = field(default_factory=dict)
    claims: Mapping[str, Claim] = field(default_factory=dict)
    variables: Mapping[str, Expressed] = field(default_factory=dict)
    data: Mapping[str, OwnTable] = field(default_factory=dict)
    multiverse: Mapping[Path, Any] = field(default_factory=dict)
    places: Mapping[tuple[str, str], tuple[Path, Keys]] = field(default_factory=dict)

    def beside(self, other: "Own") -> "Own":
        """What either defines."""
        return Own(*({**getattr(other, part), **getattr(self, part)} for part in (*DEFINED, "multiverse", "places")))


def joined(owns: Iterable[Own], taken: Mapping[str, tuple[Path, Collection[str]]]) -> Own:
    """What several studies define; `taken`: names of what is shipped, by kind, and the file that has it.

    Raises ConfigError for a name that something else has, with its line.
    """
    seen: dict[tuple[str, str], Path] = {}
    whole = Own()
    for own in owns:
        for (kind, name), (path, keys) in own.places.items():
            where, (shipped, names) = f"{strict.located(path, list(keys))} › {kind}", taken.get(kind, (path, ()))
            if name in names:
                what = f"{name!r} is a {WORDS.get(kind, kind[:-1])} of {shipped}, which stands as it is"
                raise ConfigError(f"{where}: {what}; choose another name")
            if seen.setdefault((kind, name), path) != path:
                raise ConfigError(f"{where}: {name!r} is defined in {strict.shown(seen[kind, name])}, too")
        whole = own.beside(whole)
    return whole


def named(item: Any) -> Any:
    """The name that an item of a list has or is; as it is if it is neither a name nor a definition."""
    if not isinstance(item, dict):
        return item
    if "name" in item:
        return item["name"]
    return next(iter(item)) if len(item) == 1 else item


def choices_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a study's file says, with the name of each definition in its place."""
    lists = {key: [named(item) for item in content[key]] for key in _lists(content)}
    mappings = {key: list(content[key]) for key in MAPPINGS if isinstance(content.get(key), dict)}
    if isinstance(nodes := _nodes(content), dict):
        mappings["multiverse"] = list(nodes)
    return {**content, **lists, **mappings}


def own_of(path: Path) -> Own:
    """What the file of a study defines; raises ConfigError naming file, line and key, all faults of one together."""
    content = strict.content(path)
    if not isinstance(content, dict):
        return Own()
    places: dict[tuple[str, str], tuple[Path, Keys]] = {}
    samples, controls, claims = dict[str, Sample](), dict[str, Control](), dict[str, Claim]()
    variables = dict[str, Expressed]()
    for kind, name, keys, said in _definitions(path, content):
        if (kind, name) in places:
            raise ConfigError(f"{strict.located(path, list(keys))} › {kind}: {name!r} is defined twice")
        places[kind, name] = (path, keys)
        whole = {"expression": said} if isinstance(said, str) else said
        if kind == "samples":
            samples[name] = strict.validated(path, OwnSample, _called("name", name, whole), keys)
        elif kind == "claims":
            whole = (
                {**OF_UNIT.get(content.get("unit"), {}), **_called("id", name, said)}
                if isinstance(said, dict)
                else said
            )
            claims[name] = strict.validated(path, OwnClaim, whole, keys)
        elif kind == "variables":
            variables[name] = strict.validated(path, Expressed, _called("name", name, whole), keys)
        else:
            controls[name] = strict.validated(path, OwnControl, said, keys)
    tables = _tables(path, content.get("data"))
    data = {name: table for name, (table, _) in tables.items()}
    return Own(samples, controls, claims, variables, data, _added(path, content), places | _placed(tables))


def _tables(path: Path, said: Any) -> dict[str, tuple[OwnTable, tuple[Path, Keys]]]:
    """Tables that a file describes itself, or by the names of files that do, and where that stands."""
    if said is None:
        return {}
    # Loaded for tables alone: what reads them loads every source.
    from detente.data.record import OwnData, own_record, placed_table

    found: dict[str, tuple[OwnTable, tuple[Path, Keys]]] = {}
    blocks: list[tuple[Keys, Any]] = [(("data", i), b) for i, b in enumerate(said)] if isinstance(said, list) else []
    for keys, block in blocks or [(("data",), said)]:
        file, within, raw = path, keys, block
        if isinstance(block, str):
            file, within = path.parent / block, ()
            if not file.is_file():
                raise ConfigError(f"{strict.located(path, list(keys))} › data: there is no {file}")
            raw = strict.content(file)
        definition = strict.validated(file, OwnData, raw, within)
        table = placed_table(definition, file, within)
        if definition.name in found:
            raise ConfigError(f"{strict.located(path, list(keys))} › data: {definition.name!r} is defined twice")
        found[definition.name] = (OwnTable(definition, table, own_record(definition, table)), (file, within))
    return found


def _placed(tables: Mapping[str, tuple[OwnTable, tuple[Path, Keys]]]) -> dict[tuple[str, str], tuple[Path, Keys]]:
    return {("data", name): place for name, (_, place) in tables.items()}


def _called(key: str, name: str, said: Any) -> Any:
    return {**said, key: name} if isinstance(said, dict) else said


def _added(path: Path, content: Mapping[str, Any]) -> dict[Path, Any]:
    """What a study's file adds to the multiverse, as it stands there; `load_multiverse` checks it."""
    if "multiverse" not in content:
        return {}
    if not isinstance(_nodes(content), dict):
        where = f"{strict.located(path, ['multiverse'])} › multiverse"
        raise ConfigError(
            f"{where}: must have `nodes` and nothing else: decisions by name, as in the shipped multiverse"
        )
    return {path: content["multiverse"]}


def _nodes(content: Mapping[str, Any]) -> Any:
    """Decisions that a study adds, or adds options to: those of `multiverse › nodes`."""
    said = content.get("multiverse")
    return said.get("nodes") if isinstance(said, dict) and set(said) == {"nodes"} else None


def _lists(content: Mapping[str, Any]) -> Sequence[str]:
    """Keys of lists that may hold definitions beside names."""
    return [key for key in ("samples", "claims") if isinstance(content.get(key), list)]


def _definitions(path: Path, content: Mapping[str, Any]) -> Iterator[tuple[str, str, Keys, Any]]:
    """Every definition: its kind, its name, the keys that lead to it, and what it says."""
    for kind in _lists(content):
        for i, item in enumerate(content[kind]):
            if not isinstance(item, dict):
                continue
            keys: Keys = (kind, i)
            name = named(item)
            if not isinstance(name, str):
                where = strict.located(path, list(keys))
                raise ConfigError(f"{where} › {kind} › {i}: a definition needs a `name`, or is one name with its value")
            said = {key: value for key, value in item.items() if key != "name"}
            if not said:
                where = strict.located(path, list(keys))
                way = f"a definition says more than its name; what is shipped is named alone: - {name}"
                raise ConfigError(f"{where} › {kind} › {i}: {way}")
            inner = "name" not in item
            yield kind, _legal(path, keys, name), (*keys, name) if inner else keys, item[name] if inner else said
    for kind in MAPPINGS:
        found = content.get(kind)
        if found is not None and not isinstance(found, dict):
            raise ConfigError(f"{strict.located(path, [kind])} › {kind}: must be a mapping of names to definitions")
        for name, said in (found or {}).items():
            yield kind, _legal(path, (kind, str(name)), str(name)), (kind, str(name)), said


def _legal(path: Path, keys: Keys, name: str) -> str:
    """A name, if it is one; raises ConfigError if it is not."""
    strict.validated(path, _Name, {"name": name}, keys)
    return name


class _Name(Strict):
    """What a definition may be called."""

    name: strict.Identifier
