"""Reading the data file of a published table as its authors left it: Stata, or text with some delimiter."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from detente.base.errors import SourceSchemaError

Delimiter = Literal["comma", "tab", "spaces", "semicolon"]
SEPARATORS: Mapping[Delimiter, str] = {"comma": ",", "tab": "\t", "spaces": r"\s+", "semicolon": ";"}


def read_published(path: Path, delimiter: Delimiter = "comma") -> pd.DataFrame:
    """Columns of a .dta file (labels left aside), or of a text file in UTF-8; compression by the ending.

    Raises
    ------
    SourceSchemaError
        If the file cannot be read as what it is called.
    """
    try:
        if path.suffix == ".dta":
            return pd.read_stata(path, convert_categoricals=False)
        return pd.read_csv(path, sep=SEPARATORS[delimiter], encoding="utf-8-sig")
    except (ValueError, OSError, UnicodeDecodeError) as error:
        raise SourceSchemaError(f"{path}: cannot be read as {path.suffix.lstrip('.') or 'text'} ({error})") from error
