"""The broker's page says what its code does: settings, Apps, commands, errors."""

import argparse
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from gitlease.broker import command
from gitlease.broker.app_settings import VARIABLES
from gitlease.broker.problems import _FRAMEWORK, TABLE
from gitlease.broker.settings import READERS, Settings

PAGE = (Path(__file__).parents[2] / "docs/reference/broker.md").read_text()


def rows(title: str) -> list[list[str]]:
    """Return the cells of the table whose first column is headed *title*."""
    table = PAGE.partition(f"\n| {title} |")[2].partition("\n\n")[0]
    return [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]


def test_every_setting_is_there_with_its_variable() -> None:
    said = {name.strip("`"): variable.strip("`") for name, variable, *_ in rows("setting")}
    assert said == {name: variable for name, (variable, _) in READERS.items()}


def test_every_default_is_the_code_s() -> None:
    told = {row[0].strip("`"): row[2] for row in rows("setting")}
    for one in fields(Settings):
        if isinstance(one.default, (bool, int, str)):
            assert f"`{str(one.default).lower()}`" in told[one.name], one.name


def test_every_key_of_an_app_is_there_with_its_variables() -> None:
    said = {
        row[0].strip("`"): tuple(re.findall(r"`(\w+)`", row[1]))
        for row in rows("key of `[[apps]]`")
    }
    assert said == dict(VARIABLES)


def test_every_error_is_there_with_its_status() -> None:
    said = {
        (slug, int(row[1].strip("| ")))
        for row in rows("type")
        for slug in re.findall(r"`([\w-]+)`", row[0])
    }
    known = {(slug, status) for slug, _, status in TABLE.values()}
    known |= {(slug, status) for slug, _, status, _ in _FRAMEWORK.values()}
    assert said == known


def test_every_command_is_there() -> None:
    said = {
        f"{group} {word}".strip()
        for row in rows("`gitlease broker`")
        for group, words in [_split(re.findall(r"`([^`]+)`", row[0]))]
        for word in words
    }
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert said == set(_words(parser))


def _split(words: list[str]) -> tuple[str, list[str]]:
    """Return the group that a row's first word names, if it does, and the words under it."""
    group, _, first = words[0].partition(" --")[0].rpartition(" ")
    return group, [first, *words[1:]]


def _words(parser: argparse.ArgumentParser, before: str = "") -> Iterator[str]:
    inner = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    if not inner:
        yield before
    for one in inner:
        for word, under in one.choices.items():
            yield from _words(under, f"{before} {word}".strip())


@pytest.mark.parametrize("name", ["settings", "app_settings"])
def test_every_variable_of_the_code_is_on_the_page(name: str) -> None:
    code = (Path(__file__).parents[2] / f"src/gitlease/broker/{name}.py").read_text()
    for variable in re.findall(r'"((?:GITLEASE|GITHUB)_[A-Z_]+[A-Z])"', code):
        assert f"`{variable}`" in PAGE
