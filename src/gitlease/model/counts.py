"""How a number of things is said to a person."""


def counted(count: float, noun: str) -> str:
    """Return `1 token`, `0 tokens`, `2 tokens`; *noun* is one that takes an s."""
    number = f"{count:.0f}"
    return f"{number} {noun}" if number == "1" else f"{number} {noun}s"
