"""No language changes an answer: bytes are bytes, whatever letters they make elsewhere."""

import subprocess
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.support.environment import require_tool
from tests.support.evidence import Tried
from tests.support.vectors import SOME
from tools.compare.pair import Pair
from tools.compare.requests import generate

# In these a letter's second byte may be a backslash or a bar; Turkish has a dotless i.
REAL = {
    "ja_JP.SJIS": "SHIFT_JIS",
    "zh_CN.GB18030": "GB18030",
    "tr_TR.ISO-8859-9": "ISO-8859-9",
}
# Of these most are not there: bash says so in a line of its own, and goes on in C.
ANY = [
    "", "C", "POSIX", "C.UTF-8", "en_US.UTF-8", "tr_TR.UTF-8", "xx_YY.NONE", "../../etc/passwd",
    "C/C/C/C/C/C/C", "\x1b[2J", "x" * 5000,
]  # fmt: skip


@pytest.fixture(scope="module")
def languages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the languages, and return the folder for LOCPATH."""
    localedef = require_tool("localedef")
    require_tool("locale-gen")  # beside which the encodings are
    folder = tmp_path_factory.mktemp("languages")
    for name, encoding in REAL.items():
        words = [localedef, "-c", "--no-archive", "-i", name[:5], "-f", encoding]
        # It warns of encodings that are not ASCII's: that is what they are here for.
        subprocess.run([*words, folder / name], check=False, capture_output=True)
        assert (folder / name / "LC_CTYPE").exists()
    return folder


def test_a_language_in_which_a_byte_is_half_a_letter(
    pair: Pair, languages: Path, tried: Tried
) -> None:
    """The program reads bytes in each, as Python does."""
    random, requests = Random(0), [vector.data for vector in SOME]
    requests += [generate(random) for _ in range(20)]
    for name in REAL:
        abroad = replace(pair, env={**pair.env, "LOCPATH": str(languages), "LC_ALL": name})
        for data in requests:
            # No word on stderr: the language is there.
            assert (name, data, abroad.answer(data)) == (name, data, pair.python(data))
    tried(
        "requests to the sh helper, in languages of two bytes a letter", len(requests) * len(REAL)
    )


@pytest.mark.parametrize("path", ["acme/app", "acme/\udc83\\", "acme/\udc81|", "acme/\u00c4"])
def test_a_language_that_is_not_there(pair: Pair, path: str) -> None:
    data = b"protocol=https\nhost=github.com\npath=%b\n\n" % path.encode("utf-8", "surrogateescape")
    expected = pair.python(data)
    for name in ("LC_ALL", "LANG", "LC_CTYPE"):
        for language in ANY:
            _, out, err = replace(pair, env={**pair.env, name: language}).run(data)
            printed, handed, request = out.partition(b"handed to Python:\n")
            answer = pair.python(request) if handed else printed
            assert (language, answer) == (language, expected)
            assert b"password=" not in err
