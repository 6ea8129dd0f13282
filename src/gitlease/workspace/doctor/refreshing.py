"""The refresher, where this workspace has one: whether it runs, and how it fares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gitlease.model.counts import counted
from gitlease.workspace import folders, loops, refresher_state
from gitlease.workspace.doctor.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlease.workspace.doctor.patient import Patient

_AGAIN: Final = "run `gitlease install`, which starts it"


def check_refresher(patient: Patient) -> Iterator[Finding]:
    """A refresher that is wanted runs, and its last round renewed what it had to."""
    state = refresher_state.read(patient.settings)
    if state is None:
        return
    if state.pid is None and folders.is_file(patient.settings.refresher):
        yield Finding("refresher-dead", f"the refresher of {patient.settings.who} is gone", _AGAIN)
    elif state.pid is not None and state.late:
        cause = (
            f"the refresher (process {state.pid or 'unknown'}) should have done a round "
            f"{state.late:.0f} s ago"
        )
        end = loops.cure(state.pid, patient.settings.refresher)
        cure = f"{end}, then run `gitlease install`"
        yield Finding("refresher-dead", cause, cure)
    if state.failures:
        cause = f"the refresher failed {counted(state.failures, 'time')} in a row: {state.message}"
        yield Finding("refresher-failing", cause, state.hint or "run `gitlease doctor` again later")
