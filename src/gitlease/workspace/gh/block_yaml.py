"""
The YAML that gh writes, line by line: block mappings of plain or closed scalars.

Nothing is parsed that is not to be changed; but what could make a line mean something else than it
says (a string over several lines, an anchor, a flow collection) makes a file `UnreadableError`.
Source: YAML 1.1, which gh's library reads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_KEY: Final = re.compile(
    r"""
      (?P<indent>\ *)
      (?P<key> "[^"\\\n]*" | '[^'\n]*' | [^\s:#"'{}\[\],&*!|>%@`?\-] (?:[^\s:] | :(?=\S))* )
      \ *: (?:[ \t]+(?P<value>[^\n]*?))? [ \t]*\r?\n?
    """,
    re.VERBOSE,
)
# What stands in front of the scalar on a line: indentation, marks of a list, a key.
_BEFORE: Final = re.compile(
    r"""
      \s* (?: [-?][ \t]+ )*
      (?: (?: "(?:[^"\\]|\\.)*" | '(?:[^']|'')*' | [^\s"'{\[&*!\#][^\n]*? ) \s*:[ \t]+ )?
    """,
    re.VERBOSE,
)
_CLOSED: Final = re.compile(
    r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|\{\s*\}|\[\s*\])\s*:?\s*(?:\s\#.*)?""", re.DOTALL
)
# Line ends for YAML, or nothing that it allows: none of them is what we would split at.  And
# what is white space to Python, and a letter to YAML.
_STRANGE: Final = re.compile(
    "\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\u2028\u2029\ufeff\ud800-\udfff]"
    "|[\u1680\u2000-\u200a\u202f\u205f\u3000]"
)
_NOTHING: Final = {"", "{}", "null", "~"}
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?:\[bot\])?", re.ASCII)
# What a reader takes for something else than text.
_WORDS: Final = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


class UnreadableError(ValueError):
    """The text is no YAML of the kind that gh writes; nothing may be changed in it by lines."""


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A key with all that belongs to it: its own line first, then what is indented below it.

    `value` is what stands behind the colon, without a comment; `lines` keep their line ends;
    `after` are the empty lines and comments before the next entry, which are not its own.
    """

    key: str
    indent: str
    value: str = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)
    after: tuple[str, ...] = field(repr=False)

    @property
    def is_bare(self) -> bool:
        """Tell whether nothing stands behind the colon, so that what is below is its value."""
        return self.value in _NOTHING

    @property
    def text(self) -> str:
        """The value as a person means it; raise `UnreadableError` if that takes a YAML reader."""
        if self.value[:1] in {"|", ">"} or (self.value[:1] == '"' and "\\" in self.value):
            raise UnreadableError
        if self.value[:1] == "'":
            return self.value[1:-1].replace("''", "'")
        return self.value[1:-1] if self.value[:1] == '"' else self.value

    def below(self) -> Mapping:
        """Return what is below it; raise `UnreadableError` if that is no mapping."""
        if not self.is_bare:
            raise UnreadableError
        return _entries(self.lines[1:])


@dataclass(frozen=True, slots=True)
class Mapping:
    """A file, or what is below an entry: the lines before its first entry, then its entries."""

    head: tuple[str, ...] = field(repr=False)
    entries: tuple[Entry, ...]

    def find(self, key: str) -> Entry | None:
        """Return the entry *key*, or None."""
        return next((entry for entry in self.entries if entry.key == key), None)


def parse(text: str) -> Mapping:
    """Split *text* into its top-level entries; joined, their lines are *text* again."""
    if _STRANGE.search(text):
        raise UnreadableError
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    _check(lines)
    if all(_is_blank(line) or line.rstrip() in {"{}", "---"} for line in lines):
        return Mapping(tuple(lines), ())
    mapping = _entries(lines)
    if any(entry.indent for entry in mapping.entries):
        raise UnreadableError
    return mapping


def inserted(text: str, block: str) -> str:
    """Return *text* with *block* as its first entry; raise `UnreadableError`."""
    mapping = parse(text)
    head = [line for line in mapping.head if line.rstrip() != "{}"]
    rest = [line for entry in mapping.entries for line in (*entry.lines, *entry.after)]
    # Below it an indented comment would be taken for a part of it.
    above = [n for n, line in enumerate(head) if line.rstrip() == "---" or line[:1] in {" ", "\t"}]
    begin = above[-1] + 1 if above else 0
    before = "".join(head[:begin])
    if before and not before.endswith("\n"):
        before += line_end(text)
    return before + block + "".join([*head[begin:], *rest])


def line_end(text: str) -> str:
    """Return what ends the lines of *text*."""
    return "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"


def with_version(text: str) -> str:
    """Return gh's `config.yml` *text* with a version, so that gh has nothing to migrate."""
    if parse(text).find("version") is not None:
        return text
    return inserted(text, f'version: "1"{line_end(text)}')


def scalar(text: str) -> str:
    """Return *text* as a scalar on one line; raise `UnreadableError` if it needs an escape."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if not text.isascii() or not text.isprintable():
        raise UnreadableError
    return "'" + text.replace("'", "''") + "'"


def _check(lines: Sequence[str]) -> None:
    begun = False
    for line in lines:
        if _is_blank(line):
            continue
        if line.rstrip() == "---" and not begun:
            begun = True
            continue
        begun = True
        if line.startswith(("---", "...", "%")) or "\t" in line[: len(line) - len(line.lstrip())]:
            raise UnreadableError
        before = _BEFORE.match(line)
        rest = line[before.end() if before else 0 :].strip()
        if rest.startswith(("&", "*", "!")):
            raise UnreadableError
        if rest.startswith(('"', "'", "{", "[")) and not _CLOSED.fullmatch(rest):
            raise UnreadableError


def _entries(lines: Sequence[str]) -> Mapping:
    """Return the entries at the indentation of the first one, and the lines before that."""
    starts = [number for number, line in enumerate(lines) if _is_mark(line)]
    if not starts:
        return Mapping(tuple(lines), ())
    first = starts[0]
    depth = _depth(lines[first])
    starts = [number for number in starts if _depth(lines[number]) <= depth]
    entries = tuple(
        _entry(lines[start:end], depth)
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)
    )
    if len({entry.key for entry in entries}) != len(entries):
        raise UnreadableError
    return Mapping(tuple(lines[:first]), entries)


def _entry(lines: Sequence[str], depth: int) -> Entry:
    found = _KEY.fullmatch(lines[0])
    if found is None or len(found["indent"]) != depth:
        raise UnreadableError
    key = found["key"]
    size = len(lines)
    while _is_blank(lines[size - 1]) and not _is_deeper(lines[size - 1], depth):
        size -= 1
    return Entry(
        key[1:-1] if key[0] in "\"'" else key,
        found["indent"],
        _without_comment(found["value"] or ""),
        tuple(lines[:size]),
        tuple(lines[size:]),
    )


def _is_deeper(remark: str, depth: int) -> bool:
    return remark.strip() != "" and _depth(remark) > depth


def _without_comment(value: str) -> str:
    if value[:1] in {'"', "'"}:
        closed = re.match(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""", value)
        return closed[0] if closed else value
    return re.sub(r"(?:^|[ \t])#.*", "", value).strip()


def _is_blank(line: str) -> bool:
    return line.strip()[:1] in {"", "#"}


def _is_mark(line: str) -> bool:
    return not _is_blank(line) and line.rstrip() != "---"


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
