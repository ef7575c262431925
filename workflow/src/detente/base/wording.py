"""Words as they stand inside a sentence."""


def lower_first(text: str) -> str:
    """Lower the first letter, unless the word is an abbreviation ("UN mission")."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]
