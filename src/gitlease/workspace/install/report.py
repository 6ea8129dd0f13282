"""What an installation did, one line a step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

# "planned" is what a dry run says instead.
State = Literal["done", "already", "skipped", "failed", "planned"]


@dataclass(frozen=True, slots=True)
class Line:
    """How one step ended: its name, its state, and what, or why and the cure."""

    step: str
    state: State
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """The lines of all steps, in their order."""

    lines: tuple[Line, ...]

    @property
    def failed(self) -> bool:
        """Whether any step failed."""
        return any(line.state == "failed" for line in self.lines)

    @property
    def told(self) -> tuple[Line, ...]:
        """The lines as a person is told them: a cause that is to be mended once is said once."""
        first: dict[str, str] = {}
        return tuple(
            replace(line, text=f"for the same reason as {first[line.text]}")
            if line.state == "failed" and first.setdefault(line.text, line.step) != line.step
            else line
            for line in self.lines
        )

    def __str__(self) -> str:
        return "\n".join(f"{line.state:<8}{line.step}: {line.text}" for line in self.told)

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs: `{"failed": bool, "steps": [{step, state, text}]}`."""
        return {
            "failed": self.failed,
            "steps": [
                {"step": line.step, "state": line.state, "text": line.text} for line in self.lines
            ],
        }
