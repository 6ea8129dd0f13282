"""Rows for a fleet that boots at once: everybody asks for a first token, and nothing is cached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlease.emulator import GitHub
from tools.bench import broker, cores
from tools.bench.figure import Goal, Row
from tools.bench.load import Plan, Question, ask

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tools.bench.effort import Effort


def rows(folder: Path, effort: Effort) -> Iterator[Row]:
    """Let many workspaces boot within a few seconds, each on a connection of its own."""
    folder.mkdir()
    owners = [f"owner-{number}" for number in range(effort.scopes)]
    fleet = broker.found(broker.sqlite(folder), owners, effort.storm)
    with GitHub({"installations": [{"owner": owner} for owner in owners]}) as github:
        # What is measured is ours, not the limits of an App.
        github.settings(token_format="stateless", mints_per_minute=0)
        with broker.broker(broker.environment(folder, github), cores.SERVER) as url:
            questions = [Question.of(url, one.id, one.bearer, once=True) for one in fleet]
            answers = ask(Plan(questions, seconds=effort.storm_seconds))
        mints = github.stats()["mints"]
    what = f"{effort.storm:,} workspaces boot in {effort.storm_seconds:g} s"
    yield Row(f"{what}: mints per scope", "", mints / len(owners), Goal("==", 1))
    yield Row(f"{what}: errors", "", sum(answers.errors.values()), Goal("==", 0))
    yield Row(f"{what}: p50", "", answers.within(50) * 1000, unit="ms")
    yield Row(f"{what}: p99", "", answers.within(99) * 1000, Goal("<=", 1000), unit="ms")
