"""A how-to, played before real servers: its commands as they stand, a section at a time."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.consoles import fits, play, steps_of
from tests.support.environment import CHECKOUT


class HowTo:
    """The page *name*, whose paths and values are the test's: *places* says which for which."""

    def __init__(self, name: str, folder: Path, places: Mapping[str, str]) -> None:
        self._page = (CHECKOUT / f"docs/howto/{name}.md").read_text()
        self._folder = folder
        self.places = dict(places)

    def section(self, title: str, env: Mapping[str, str]) -> None:
        """Play the section *title* with the further variables *env*; fail where it is not true."""
        _, found, text = self._page.partition(f"\n## {title}\n")
        assert found, title
        self._play(title, text.partition("\n## ")[0], env)

    def all(self, env: Mapping[str, str]) -> None:
        """Play the whole page in one shell."""
        self._play("the page", self._page, env)

    def _play(self, title: str, text: str, env: Mapping[str, str]) -> None:
        for place, ours in self.places.items():
            text = text.replace(place, ours)
        steps = steps_of(text)
        assert steps, title
        path = f"{Path(sys.prefix) / 'bin'}:/usr/local/bin:/usr/bin:/bin"
        whole = {"HOME": os.environ["HOME"], "LANG": "C.UTF-8", **env, "PATH": path}
        *said, rest = play(steps, self._folder, whole, 240)
        for step, told in zip(steps, said, strict=False):
            assert fits(step.shown, told), (step.command, step.shown, told)
        assert len(said) == len(steps), f"the shell has ended early: {rest}"
