"""What released versions of the library have made: see tools/keep_release.py."""

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from support.projects import TEMPLATE, Project


@dataclass(frozen=True)
class Released:
    """A released version of the library and what it made."""

    folder: Path

    @property
    def version(self) -> str:
        """Return the version, such as 2.0.0."""
        return self.folder.name

    @property
    def wheel(self) -> Path:
        """Return the library's wheel."""
        (wheel,) = self.folder.glob("*.whl")
        return wheel

    def project(self, target: Path) -> Project:
        """Write its generated project into a new folder, with its model and without uv.lock."""
        with zipfile.ZipFile(self.folder / "project.zip") as archive:
            archive.extractall(target)
        (target / "models").mkdir(exist_ok=True)
        shutil.copy(self.folder / "model.skops", target / "models")
        return Project(target)

    def prediction_log(self, target: Path) -> str:
        """Copy its prediction log into a folder and return the address of the copy."""
        shutil.copy(self.folder / "predictions.sqlite", target)
        return f"sqlite:///{target / 'predictions.sqlite'}"


RELEASED = [Released(folder) for folder in sorted((TEMPLATE / "tests" / "released").iterdir())]
