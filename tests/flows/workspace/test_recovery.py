"""Whatever takes GitHub away: when it is over, git and gh have it again, and nobody restarts."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.flows.workspace.test_helper import HOST_ONLY
from tests.support import recovery
from tests.support.environment import STARTED_IN, require_tool
from tests.support.machines import Machine
from tests.support.recovery import HOUR, Scene, Skewed

LIMIT = 60.0  # seconds
# A longer run says more: `make recovery`.
LIFE = int(STARTED_IN.get("GITLEASE_TEST_LIFE", "8"))
ROUNDS = int(STARTED_IN.get("GITLEASE_TEST_ROUNDS", "1"))

Fault = Callable[[Scene], None]
# What happens one after the other in one workspace.
FAULTS: dict[str, list[Fault]] = {
    "refresher killed": [recovery.refresher_killed],
    "refresher killed, git not used": [recovery.refresher_killed],
    "refresher suspended past an expiry": [recovery.refresher_suspended],
    "broker away for three lives": [recovery.broker_down],
    "broker away, git not used": [recovery.broker_down],
    "App suspended for two lives": [recovery.app_suspended],
    "bearer rotated": [recovery.bearer_rotated],
    "tokens of an hour revoked": [recovery.tokens_revoked],
    "GitHub's clock an hour ahead, and back": [recovery.github_ahead, recovery.github_back],
    "own clock an hour ahead, and back": [recovery.clock_ahead, recovery.clock_back],
}


def play(machine: Machine, folder: Path, name: str) -> tuple[float, float]:
    """Let *name* happen; return the longest time that git and gh took to come back."""
    is_for_gh = "git not used" in name
    kind = Skewed if name.startswith("own clock") else Scene
    life = HOUR if "of an hour" in name else LIFE
    worst = (0.0, 0.0)
    with kind(machine, folder, life, behind_shim=is_for_gh) as scene:
        for fault in FAULTS[name] * ROUNDS:
            assert max(scene.recovery(LIMIT)) < LIMIT, f"before {name}"
            fault(scene)
            took = scene.recovery(LIMIT, git_is_used=not is_for_gh)
            worst = max(worst[0], took[0]), max(worst[1], took[1])
    return worst


@pytest.mark.guarantee("renewal")
@HOST_ONLY
@pytest.mark.timeout(600 + ROUNDS * (LIFE * 8 + 120))
def test_after_each_cause_git_and_gh_are_back_within_a_minute(
    machine: Machine, tmp_path: Path
) -> None:
    require_tool("gh")
    with ThreadPoolExecutor(len(FAULTS)) as pool:
        begun = {
            name: pool.submit(play, machine, tmp_path / str(number), name)
            for number, name in enumerate(FAULTS)
        }
    took = {name: one.result() for name, one in begun.items() if not one.exception()}
    print(f"\nThe worst of {ROUNDS} rounds, tokens of {LIFE} s:\n")
    print("| cause | git, s | gh, s |\n|---|---|---|")
    for name, (git, gh) in took.items():
        print(f"| {name} | {git:.1f} | {gh:.1f} |")
    failed = {name: repr(one.exception()) for name, one in begun.items() if one.exception()}
    assert failed == {}
    assert {name: both for name, both in took.items() if max(both) >= LIMIT} == {}
