"""Rows for an answer that has to be fetched, from GitHub's emulator on loopback."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gitlease.emulator import GitHub
from gitlease.github.appjwt import SigningKey
from gitlease.workspace.sources import BEARER_FILE
from tools.bench import broker, cores, rivals
from tools.bench.figure import Goal, Row, Spread
from tools.bench.imports import imported
from tools.bench.program import BenchError, Program, Running
from tools.bench.race import race
from tools.bench.workspace import LONG, Workspace, with_any_token, with_password

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tools.bench.effort import Effort


def rows(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure cold `get`s by the App's key: one by one, then all at once."""
    folder.mkdir()
    with GitHub() as github:
        # What is measured is ours, not the limits of an App.
        github.settings(token_format="stateless", mints_per_minute=0)
        workspace = _workspace(folder / "ours", github)
        yield from _one_by_one(folder, effort, github, workspace)
        yield from _burst(effort, github, workspace)


def _workspace(folder: Path, github: GitHub) -> Workspace:
    return Workspace(
        folder,
        {
            "GITLEASE_API_URL": github.api_url,
            "GITLEASE_CA_FILE": str(github.ca_file),
            "GITLEASE_APP_ID": str(github.app_id),
            "GITLEASE_PRIVATE_KEY_FILE": str(github.private_key_file),
        },
    )


def _one_by_one(
    folder: Path, effort: Effort, github: GitHub, workspace: Workspace
) -> Iterator[Row]:
    key = SigningKey.from_pem(github.private_key_file.read_bytes(), name="the App's key")
    proof = key.sign(str(github.app_id), time.time()).reveal()
    rival = rivals.bash_asking_github(folder / "bash", github, proof)
    if rival is None:
        return
    ours = workspace.helper(accept=with_any_token, before=workspace.forget)
    before = github.stats()["mints"]
    taken = race({"ours": ours, "bash": rival}, effort.heavy)
    mints = github.stats()["mints"] - before
    # The warm-up is not among the runs, its mints are among these.
    if mints < 2 * taken["ours"].runs:
        raise BenchError(f"{mints} mints are too few: a cold get was answered from a cache")
    name = f"{rivals.BASH}, curl, ready-made JWT"
    yield Row.ratio("cold get, App key", name, taken["ours"], taken["bash"])


def _burst(effort: Effort, github: GitHub, workspace: Workspace) -> Iterator[Row]:
    """Start as many cold `get`s as a burst has, at once; raise `BenchError` unless one mints."""
    workspace.forget()
    program = workspace.helper(accept=with_any_token)
    before = github.stats()["mints"]
    started = time.perf_counter()
    running = [Running(program) for _ in range(effort.burst)]
    for one in running:
        one.finish()
    wall = time.perf_counter() - started
    mints = github.stats()["mints"] - before
    what = f"{effort.burst} parallel cold get"
    if mints != 1:
        raise BenchError(f"{what}: {mints} mints instead of 1")
    yield Row(f"{what}: mints", "", mints, Goal("==", 1))
    yield Row(f"{what}: answered", "", len(running), Goal("==", effort.burst))
    yield Row(f"{what}: all done", "", wall, unit="s")


def from_broker(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure cold `get`s from a broker on loopback that has the token in its memory."""
    folder.mkdir()
    (one,) = broker.found(broker.sqlite(folder), ["acme"], 1)
    with GitHub() as github, broker.broker(broker.environment(folder, github), cores.ALL) as url:
        configs = folder / "configs"
        configs.mkdir(mode=0o700)
        (configs / BEARER_FILE).write_text(f"{one.bearer}\n")
        told = {
            "GITLEASE_BROKER_URL": url,
            "GITLEASE_WORKSPACE_ID": one.id,
            "GITLEASE_CONFIGS_DIR": str(configs),
        }
        workspace = Workspace(folder / "ours", told)
        rival = rivals.bash_asking_broker(folder / "bash", url, one)
        if rival is None:
            return
        ours = workspace.helper(accept=with_any_token, before=workspace.forget)
        taken = race({"ours": ours, "bash": rival}, effort.heavy)
    name = f"{rivals.BASH}, curl"
    yield Row.ratio("cold get, broker on loopback", name, taken["ours"], taken["bash"], 2.0)


def start_up(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure what Python costs ahead of a fetch: the miss path with a record to print."""
    workspace = Workspace(folder)
    accept = with_password(workspace.put(LONG))
    path = workspace.miss_path(accept)
    bare = Program([*path.argv[:3], "-c", "pass"])
    taken = race({"path": path, "bare": bare}, effort.heavy)
    yield Row.ratio("miss path, warm record", "bare python3", taken["path"], taken["bare"])
    times = [imported(path) - imported(bare) for _ in range(max(effort.heavy // 5, 2))]
    median = Spread.of(times).median
    yield Row("miss path, importing", "", median * 1000, unit="ms")
