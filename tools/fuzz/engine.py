"""
The process that fuzzes one harness until its time is over; libFuzzer ends it.

``python -m tools.fuzz.engine TARGET [libFuzzer's options and folders]``, with atheris on its path.
"""

import importlib
import sys

TARGETS = ("parser", "wire", "hosts", "settings")


def main(target: str, words: list[str]) -> None:
    """Fuzz *target*; does not return."""
    atheris = importlib.import_module("atheris")
    # Coverage is seen in what is imported here, the libraries that read our files among it.
    with atheris.instrument_imports(
        include=["gitlease", "tools", "tomllib"], enable_loader_override=False
    ):
        harness = importlib.import_module(f"tools.fuzz.{target}")
    atheris.Setup([sys.argv[0], *words], harness.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
