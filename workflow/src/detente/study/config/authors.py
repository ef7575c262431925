"""Who wrote a study's paper, as its file says."""

from typing import Annotated

from pydantic import Field, field_validator

from detente.base.strict import EMAIL, ORCID, Strict


class Author(Strict):
    """One author; only the name is required."""

    name: Annotated[str, Field(min_length=1)]
    affiliation: str = ""
    email: Annotated[str, Field(pattern=EMAIL)] | None = None
    orcid: Annotated[str, Field(pattern=ORCID)] | None = None

    @field_validator("orcid")
    @classmethod
    def _checked(cls, orcid: str | None) -> str | None:
        """An ORCID iD with the check digit that its other digits give (ISO 7064, MOD 11-2)."""
        if orcid is not None and orcid[-1] != (digit := check_digit(orcid.replace("-", "")[:-1])):
            raise ValueError(f"{orcid!r} is not an ORCID iD: its last character should be {digit!r}")
        return orcid


def check_digit(digits: str) -> str:
    """Return the check digit of an ORCID iD's first fifteen digits (ISO 7064, MOD 11-2)."""
    total = 0
    for digit in digits:
        total = 2 * (total + int(digit))
    rest = (12 - total % 11) % 11
    return "X" if rest == 10 else str(rest)
