"""`barid plugin new --lang python`, as a newcomer would use it, and with Debian's own Python where that is."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PROGRAMS, REPOSITORY, eventually

BARID = PROGRAMS / "barid"
ARTICLE = "A bridge opens in Tarsin\n\nThe town of Tarsin opened its new bridge on Monday.\n"


class Home:
    """A machine of its own, as far as Barid can tell."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        debian = Path("/usr/bin/python3")
        self.environment = os.environ | {
            "BARID_ENDPOINT": f"ipc://{folder}/run/b.ipc",
            "BARID_DATA": str(folder / "data"),
            "BARID_STATE": str(folder / "state"),
            "BARID_PLUGIN_PATH": str(folder / "shipped"),
            "XDG_CONFIG_HOME": str(folder / "config"),
        }
        # Another summarizer might be built.
        (folder / "shipped").mkdir()
        for name in ("Parser", "EntityTagger", "Moderator", "Indexer"):
            (folder / "shipped" / name).symlink_to(REPOSITORY / "Plugins" / name)
        if debian.exists():
            self.environment["PYTHON"] = str(debian)

    def run(self, *command: str | Path, code: int = 0) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == code, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr


@pytest.fixture
def home() -> Iterator[Home]:
    if not BARID.exists():
        pytest.skip(f"there is no {BARID}; build it with: swift build")
    # An ipc path must be short, so not pytest's own folder.
    with tempfile.TemporaryDirectory(prefix="barid-") as folder:
        home = Home(Path(folder))
        yield home
        if (home.folder / "run").exists():
            home.run(BARID, "down")


def test_a_new_plugin_is_built_tested_added_and_seen_in_the_article(home: Home) -> None:
    made = home.run(BARID, "plugin", "new", "first-words", "--lang", "python")
    assert "first-words/build" in made and "barid plugin add first-words" in made
    plugin = home.folder / "first-words"
    home.run(BARID, "up", "--detach")
    assert "not built yet" in home.run(BARID, "plugin", "add", "first-words")
    built = subprocess.run(
        [plugin / "build"], env=home.environment, capture_output=True, text=True, timeout=120
    )
    if built.returncode == 69 and "PyPI" in built.stderr:
        pytest.skip("the packages that a plugin needs cannot be had from PyPI")
    assert built.returncode == 0, built.stderr
    home.run("bash", "-c", "cd first-words && .venv/bin/python -m unittest")

    assert "It is ready" in home.run(BARID, "plugin", "add", "first-words")
    (home.folder / "article.txt").write_text(ARTICLE)
    published = home.run(BARID, "publish", "article.txt", "--wait", "--json")
    article = json.loads(published.splitlines()[0])["id"]

    def summary() -> str:
        _, _, after = home.run(BARID, "article", article).partition("\nSummary\n")
        return after.partition("\nText\n")[0]

    assert "opened its new bridge" in str(eventually("its output in the article", summary))
    assert '"words": "15"' in home.run(BARID, "plugin", "logs", "first-words")


def test_the_package_comes_from_where_barid_says(home: Home) -> None:
    home.run(BARID, "plugin", "new", "a", "--lang", "python", "--barid", REPOSITORY)
    assert f"sdk='{REPOSITORY}/Sources/Python'" in (home.folder / "a/build").read_text()
    url = "https://example.org/it's/barid.git"
    home.run(BARID, "plugin", "new", "b", "--lang", "python", "--barid", url)
    line = "sdk='barid @ git+https://example.org/it'\\''s/barid.git#subdirectory=Sources/Python'\n"
    assert line in (home.folder / "b/build").read_text()
    home.run(BARID, "plugin", "new", "c", "--lang", "python", "--barid", home.folder, code=66)
    home.environment["BARID_PYTHON_SDK"] = "/nowhere"
    told = home.run(home.folder / "a/build", code=69)
    assert "there is no package barid in /nowhere" in told
    assert not (home.folder / "a/.venv").exists()
