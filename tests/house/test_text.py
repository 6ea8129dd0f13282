"""The files speak of the project alone, and mean the same on every machine."""

import re
import subprocess

from tests.support.environment import CHECKOUT, STARTED_IN

# Spelt with brackets, so that this file is not among the finds.
REGISTRIES = re.compile(r"p[y]pi\.org|pythonh[o]sted|npm[j]s\.|d[e]b\.debian|npm[m]irror")


def test_no_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    # A folder as short as /src is anybody's.
    folders = {str(CHECKOUT)} if len(CHECKOUT.parts) > 2 else set()
    folders.add(STARTED_IN["HOME"] + "/.")
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], check=True, cwd=CHECKOUT, capture_output=True, text=True
    )
    found = []
    for name in filter(None, tracked.stdout.split("\0")):
        file = CHECKOUT / name
        text = file.read_text(errors="replace") if file.is_file() else ""
        if REGISTRIES.search(text) or any(folder in text for folder in folders):
            found.append(name)
    assert found == []
