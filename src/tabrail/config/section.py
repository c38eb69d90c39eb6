"""The base of every section of params.yaml: checked and immutable."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of params.yaml; an unknown key or a value of the wrong type is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
