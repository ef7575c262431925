"""The public record on this machine: raw files had, read, checked and cleaned, and the tidy sources kept."""

from detente.record.cleaning import clean_source
from detente.record.own import Own, own_source
from detente.record.tidied import Tidied, tidied

__all__ = ["Own", "Tidied", "clean_source", "own_source", "tidied"]
