"""`make reference`: write what is made from the code into the pages of docs/reference."""

from __future__ import annotations

from tools.docs.reference.pages import FOLDER, made

if __name__ == "__main__":
    for page in sorted(FOLDER.glob("*.md")):
        before = page.read_text("utf-8")
        after = made(before)
        if after != before:
            page.write_text(after, "utf-8")
            print(f"docs/reference/{page.name}")
