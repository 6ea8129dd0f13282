"""Memory stays flat: what was used longest ago goes, and it is told."""

from gitlease.broker.minters.bounded import Bounded


def test_what_was_used_longest_ago_goes_first() -> None:
    gone = []
    values: Bounded[str, int] = Bounded(2, lambda key, value: gone.append((key, value)))
    values.put("a", 1)
    values.put("b", 2)
    assert values.get("a") == 1
    values.put("c", 3)
    assert gone == [("b", 2)]
    assert dict(values.items()) == {"a": 1, "c": 3}
    values.drop("a")
    values.drop("never")
    assert (len(values), values.get("a")) == (1, None)
    values.clear()
    assert len(values) == 0
