"""What every part of params.yaml is: checked, and never changed."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of params.yaml; an unknown key or a value of the wrong type is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
