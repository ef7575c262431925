"""The public record on this machine: raw files had, read, checked and cleaned, and the tidy sources kept."""

from detente.data.record.cleaning import clean_source
from detente.data.record.own import Own, own_source
from detente.data.record.tidied import Tidied, tidied

__all__ = ["Own", "Tidied", "clean_source", "own_source", "tidied"]
