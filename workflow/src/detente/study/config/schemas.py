"""What editors are told of a study's file: its keys, with the definitions that it may hold in the place of names."""

from typing import Any

from pydantic import create_model

from detente.base.strict import Identifier
from detente.data import Expressed
from detente.data.record import OwnData
from detente.simulate import World
from detente.study.config.multiverse import Added
from detente.study.config.own import OwnClaim, OwnControl, OwnSample
from detente.study.config.project import Study

DEFINITIONS = create_model(
    "Definitions",
    samples=(tuple[Identifier | dict[Identifier, OwnSample | str] | OwnSample, ...], ...),
    controls=(dict[Identifier, OwnControl], ...),
    claims=(tuple[Identifier | OwnClaim | dict[Identifier, OwnClaim], ...], ...),
    variables=(dict[Identifier, Expressed | str], ...),
    data=(str | OwnData | tuple[str | OwnData, ...], ...),
    multiverse=(Added, ...),
)


FILLED = ("name", "lag", "label", "why")
"""Keys that the models fill in before they ask for them."""


def study_schema() -> dict[str, Any]:
    """The JSON schema of a study's file; nothing but its name is required, as it may extend another."""
    study, definitions = Study.model_json_schema(), DEFINITIONS.model_json_schema()
    # Of a block that the study which is extended has, a part may be said.
    study["$defs"][World.__name__].pop("required", None)
    for model in (OwnClaim, OwnControl, OwnSample, Expressed):
        schema = definitions["$defs"][model.__name__]
        # An item of a list is named by `name`, one of a mapping by its key.
        schema["properties"]["name"] = {"type": "string"}
        schema["required"] = [key for key in schema.get("required", []) if key not in FILLED]
    return {
        **study,
        "properties": {**study["properties"], **definitions["properties"]},
        "$defs": {**study.get("$defs", {}), **definitions["$defs"]},
        "required": ["name"],
    }
