"""Whose files the laptop runs on: the demo's, this checkout's team's, or those of a folder that somebody names."""

from dataclasses import dataclass
from pathlib import Path

from chalicelib.config.toml_errors import NAME, CallCenterError
from laptop.local_aws import LaptopError
from laptop.package import ROOT, TEAM
from ops.callcenter import check, files
from ops.callcenter.files import WORKERS, Center


@dataclass(frozen=True)
class Team:
    """`folder` takes the place of chalicelib/team in the package; `workers` is the file of the people, or missing."""

    folder: Path
    workers: Path

    def center(self) -> Center:
        """The call centre of the files, which can be applied. Raises LaptopError with every mistake, a line each."""
        if not (self.folder / NAME).is_file():
            raise LaptopError(f"{self.folder / NAME} is missing: a team's folder has {NAME} and {WORKERS}")
        try:
            texts = files.texts_of(self.folder / NAME, self.workers)
        except CallCenterError as error:
            raise LaptopError(str(error)) from error
        if found := check.mistakes(texts):
            raise LaptopError("\n".join(found))
        return files.parse(*texts)


DEMO = Team(TEAM, TEAM / WORKERS)


def chosen(folder: str = "", root: Path = ROOT) -> Team:
    """The team whose files stand in `folder`; without one that of the checkout in `root`, and the demo's before it has
    files of its own. The people of a checkout stand in its root, where git leaves them alone."""
    if folder:
        return Team(Path(folder).resolve(), Path(folder).resolve() / WORKERS)
    own = Team(root / files.TEAM, root / WORKERS)
    return own if (own.folder / NAME).exists() else DEMO
