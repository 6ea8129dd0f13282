"""What the doctor can find, and how bad each is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from gitlease.model.redaction import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitlease.model.errors import GitleaseError

# error: git or gh fails or will; warning: it works for now, or not as meant; note: good to know.
Severity = Literal["error", "warning", "note"]

# Finding: how bad it is.  `docs/reference/doctor.md` has a row for each.
KINDS: Final[Mapping[str, Severity]] = {
    "settings-file": "warning",
    "folder": "error",
    "helper-missing": "error",
    "helper-outdated": "warning",
    "interpreter": "error",
    "program-missing": "warning",
    "program-outdated": "warning",
    "git-missing": "error",
    "git-old": "note",
    "git-config-broken": "error",
    "git-config-hidden": "error",
    "git-config-lock": "warning",
    "repository-foreign": "error",
    "helper-not-asked": "error",
    "config-outdated": "warning",
    "helper-foreign": "warning",
    "credential-username": "error",
    "credential-path": "warning",
    "extra-header": "error",
    "netrc": "warning",
    "instead-of": "error",
    "remote-ssh": "warning",
    "remote-http": "warning",
    "remote-password": "warning",
    "remote-user": "warning",
    "gh-token-stale": "warning",
    "gh-token-own": "note",
    "gh-login": "warning",
    "record": "warning",
    "source": "error",
    "source-dies": "warning",
    "bearer": "error",
    "broker-refuses": "error",
    "broker-answer": "error",
    "broker-unreachable": "error",
    "app-key": "error",
    "app-refused": "error",
    "app-installation": "error",
    "api-answer": "error",
    "api-unreachable": "error",
    "git-unreachable": "error",
    "clock": "warning",
    "refresher-dead": "warning",
    "refresher-failing": "warning",
    "failed-lately": "note",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: its kind, the cause, and the cure that works when followed."""

    kind: str
    cause: str
    cure: str

    @classmethod
    def of(cls, kind: str, error: GitleaseError) -> Finding:
        """Return the finding that *error* stands for."""
        return cls(kind, error.message, error.hint)

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return KINDS[self.kind]

    def as_json(self) -> dict[str, str]:
        """Return the finding for programs."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "cause": printable(self.cause, 600),
            "cure": printable(self.cure, 2000),
        }

    def __str__(self) -> str:
        shown = self.as_json()
        return f"{shown['severity']}: {shown['cause']}\n  cure: {shown['cure']} [{self.kind}]"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that was found; *about* names the workspace."""

    about: str
    found: tuple[Finding, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What should be mended, without the notes."""
        return tuple(one for one in self.found if one.severity != "note")

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs: `{"healthy": bool, "findings": […], "notes": […]}`."""
        notes = [one.as_json() for one in self.found if one.severity == "note"]
        return {
            "healthy": not self.findings,
            "findings": [one.as_json() for one in self.findings],
            "notes": notes,
        }

    def lines(self, *, notes: bool) -> Iterator[str]:
        """Yield the report for a person, the *notes* too if they are wanted."""
        yield from (str(one) for one in (self.found if notes else self.findings))
        if not self.findings:
            yield f"nothing found: {self.about} is well"
