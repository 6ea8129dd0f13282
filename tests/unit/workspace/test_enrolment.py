"""A workspace's first bearer is shown once, and is on the disk, whole and closed, or not asked."""

import os
import stat
import subprocess
import traceback
from pathlib import Path

import pytest

from gitlease.model import errors
from gitlease.model.frozen import replace
from gitlease.model.tokens import Secret
from gitlease.workspace.enrolment import Enrolment
from gitlease.workspace.install.folders import Folders
from gitlease.workspace.settings import Settings
from tests.support.parts import settings
from tests.support.tiny_broker import URL, TinyBroker

SECRET = "enrol-canary"


@pytest.fixture
def mine(home: Path) -> Settings:
    secret = home / "secret"
    secret.write_text(f"{SECRET}\n")
    return settings(
        home,
        broker_url=URL,
        workspace_id="ws-1",
        configs_dir=home / "configs",
        enrolment_secret_file=str(secret),
    )


@pytest.fixture
def broker() -> TinyBroker:
    return TinyBroker(bearers=set(), enrolment_secrets={SECRET})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_first_bearer_is_kept_for_this_user_alone(mine: Settings, broker: TinyBroker) -> None:
    enrolment = Enrolment(mine, broker)
    assert enrolment.bearer_or_register(10.0).reveal() == "bearer-new"
    assert enrolment.file == mine.configs_dir / ".auth_token"
    assert stat.S_IMODE(enrolment.file.stat().st_mode) == 0o600
    assert names(mine.configs_dir) == [".auth_token"]
    assert [bearer for *_, bearer in broker.asked] == [SECRET]
    assert enrolment.bearer_or_register(10.0).reveal() == "bearer-new"
    assert len(broker.asked) == 1


def test_an_enrolment_leaves_nothing_that_a_removal_does_not_find(
    mine: Settings, broker: TinyBroker
) -> None:
    Enrolment(mine, broker).register(10.0)
    assert names(mine.home) == ["run"]
    Folders(mine).undo()
    assert not mine.home.exists()


def test_a_live_bearer_is_left_alone_and_a_dead_one_replaced(
    mine: Settings, broker: TinyBroker
) -> None:
    enrolment = Enrolment(mine, broker)
    assert enrolment.register(10.0)
    assert not enrolment.register(10.0)
    broker.bearers = set()
    assert enrolment.register(10.0)
    assert [bearer for *_, bearer in broker.asked] == [SECRET, "bearer-new", "bearer-new", SECRET]


def test_a_workspace_that_lives_elsewhere_is_told_so(mine: Settings, broker: TinyBroker) -> None:
    broker.bearers = {"theirs"}
    with pytest.raises(errors.UnauthorizedError, match="registered already") as caught:
        Enrolment(mine, broker).register(10.0)
    assert "broker token create" in str(caught.value)
    assert names(mine.configs_dir) == []


def test_nothing_is_asked_where_the_bearer_could_not_be_kept(
    mine: Settings, broker: TinyBroker, home: Path
) -> None:
    """It is shown once: a full disk must not swallow it."""
    (home / "file").touch()
    blocked = replace(mine, configs_dir=home / "file")
    with pytest.raises(errors.GitleaseError, match="cannot be"):
        Enrolment(blocked, broker).register(10.0)
    assert broker.asked == []


def test_a_broker_that_refuses_leaves_nothing_behind(mine: Settings, broker: TinyBroker) -> None:
    broker.enrolment_secrets = set()
    with pytest.raises(errors.UnauthorizedError) as caught:
        Enrolment(mine, broker).register(10.0)
    assert names(mine.configs_dir) == []
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__dict__)
    assert SECRET not in shown


def test_a_secret_that_is_refused_is_what_the_cure_is_about(
    mine: Settings, broker: TinyBroker
) -> None:
    """Not the bearer, which there is none of yet, nor `register`, which is what was done."""
    broker.enrolment_secrets = set()
    with pytest.raises(errors.UnauthorizedError) as caught:
        Enrolment(mine, broker).register(10.0)
    said = str(caught.value)
    assert said.startswith("the broker does not register workspace ws-1: ")
    assert mine.enrolment_secret_file in said
    assert said.endswith("`gitlease broker enrolment create --workspace ws-1`")


def test_an_empty_file_is_not_called_missing(mine: Settings, broker: TinyBroker) -> None:
    Path(mine.enrolment_secret_file).write_text("")
    with pytest.raises(errors.UnauthorizedError, match="is empty"):
        Enrolment(mine, broker).register(10.0)
    mine.configs_dir.mkdir(exist_ok=True)
    (mine.configs_dir / ".auth_token").write_text("\n")
    with pytest.raises(errors.UnauthorizedError, match="is empty"):
        Enrolment(replace(mine, enrolment_secret_file=""), broker).bearer_or_register(10.0)


def test_without_a_bearer_or_a_secret_the_cure_is_named(mine: Settings, broker: TinyBroker) -> None:
    with pytest.raises(errors.UnauthorizedError, match="gitlease register"):
        Enrolment(replace(mine, enrolment_secret_file=""), broker).bearer_or_register(10.0)
    with pytest.raises(errors.UnauthorizedError, match="GITLEASE_ENROLMENT_SECRET_FILE"):
        Enrolment(replace(mine, enrolment_secret_file="/not/there"), broker).register(10.0)


def test_a_platforms_file_may_be_a_link_and_is_read_anew(
    mine: Settings, broker: TinyBroker
) -> None:
    """As Kubernetes mounts secrets."""
    mine.configs_dir.mkdir()
    (mine.configs_dir / "one").write_text("bearer-1\r\n")
    (mine.configs_dir / ".auth_token").symlink_to("one")
    enrolment = Enrolment(mine, broker)
    first = enrolment.bearer()
    (mine.configs_dir / "one").write_text("bearer-2")
    second = enrolment.bearer()
    assert (first, second) == (Secret("bearer-1"), Secret("bearer-2"))


@pytest.mark.parametrize("text", ["two words", "two\nlines", "x" * 5000, "caf\xe9"])
def test_what_cannot_be_a_bearer_is_named_and_never_sent(
    mine: Settings, broker: TinyBroker, text: str
) -> None:
    mine.configs_dir.mkdir()
    (mine.configs_dir / ".auth_token").write_text(text)
    with pytest.raises(errors.UnauthorizedError, match="holds no secret"):
        Enrolment(mine, broker).bearer()


def test_an_empty_file_is_not_yet_written(mine: Settings, broker: TinyBroker) -> None:
    mine.configs_dir.mkdir()
    (mine.configs_dir / ".auth_token").touch()
    assert Enrolment(mine, broker).bearer() is None


def test_what_is_no_file_is_no_secret_and_is_not_waited_for(
    mine: Settings, broker: TinyBroker
) -> None:
    """A FIFO would keep git for ever."""
    mine.configs_dir.mkdir()
    os.mkfifo(mine.configs_dir / ".auth_token")
    with pytest.raises(errors.UnauthorizedError, match="no regular file"):
        Enrolment(mine, broker).bearer()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
@pytest.mark.parametrize("old", ["", "bearer-dead\n"])
def test_a_file_that_is_a_mount_of_its_own_gets_the_bearer_where_it_is(
    mine: Settings, broker: TinyBroker, tmp_path: Path, old: str
) -> None:
    """The bearer is shown once: it is not lost because nothing can be put in a mount's place."""
    mine.configs_dir.mkdir()
    given, file = tmp_path / "given", mine.configs_dir / ".auth_token"
    given.write_text(old)
    file.touch()
    subprocess.run(["mount", "--bind", given, file], check=True)
    try:
        broker.enrolment_secrets = set()
        with pytest.raises(errors.GitleaseError):
            Enrolment(mine, broker).register(10.0)
        assert given.read_text() == old
        broker.enrolment_secrets = {SECRET}
        assert Enrolment(mine, broker).register(10.0)
        assert Enrolment(mine, broker).bearer() == Secret(given.read_text().strip())
        assert given.read_text().strip() not in {"", old.strip()}
        assert given.stat().st_mode & 0o777 == 0o600
        assert names(mine.configs_dir) == [".auth_token"]
    finally:
        subprocess.run(["umount", file], check=True)
