"""Settings are changed whole or not at all, and a wrong one is named."""

import pytest

from gitlease.emulator.settings import Settings


def test_the_defaults_are_githubs() -> None:
    assert (Settings().token_ttl, Settings().token_format) == (3600, "classic")
    assert (Settings().rate_limit, Settings().mints_per_minute) == (5000, 180)


def test_what_is_not_named_stays() -> None:
    changed = Settings().changed({"token_ttl": 5}).changed({"date_skew": -90.5})
    assert (changed.token_ttl, changed.date_skew, changed.token_format) == (5, -90.5, "classic")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("token_tlt", 5),
        ("token_ttl", "5"),
        ("token_ttl", -1),
        ("token_ttl", True),
        ("token_ttl", float("nan")),
        ("replication_lag", None),
        ("token_format", "long"),
    ],
)
def test_a_wrong_setting_is_named(key: str, value: object) -> None:
    with pytest.raises(ValueError, match=rf"^{key}: "):
        Settings().changed({key: value})
