"""The step by which a workspace gets its bearer, if it is given an enrolment secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings


class Enrolling:
    """The bearer in the configs folder."""

    name = "enrolment"

    def __init__(self, settings: Settings, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._env = env

    def describe(self) -> str:
        """Say what would be done."""
        why = self._needless()
        return f"nothing: {why}" if why else f"register with {self._settings.broker_url}"

    def do(self) -> tuple[State, str]:
        """Register, if there is no bearer; raise a `GitleaseError` where that fails."""
        # It imports what only this step needs.
        from gitlease.workspace.enrolment import Enrolment  # noqa: PLC0415
        from gitlease.workspace.transport import Transport  # noqa: PLC0415

        why = self._needless()
        if why:
            return "skipped", why
        carrier = Transport(
            self._env, ca_file=self._settings.ca_file, allow_http=self._settings.allow_http
        )
        enrolment = Enrolment(self._settings, carrier)
        if enrolment.bearer() is not None:
            return "already", f"{self._settings.who} has its bearer in {enrolment.file}"
        enrolment.register(carrier.deadline())
        return "done", f"{self._settings.who} is registered; its bearer is in {enrolment.file}"

    def _needless(self) -> str:
        if not self._settings.enrolment_secret_file:
            return "no enrolment secret is given; the platform writes the bearer"
        return ""
