"""The stages of the small project that tests stand in, run in this process."""

from ruamel.yaml import YAML

from tabrail import paths
from tabrail.dvc.hashes import md5
from tabrail.run import run


def record_model() -> None:
    """Write down the model's hash in dvc.lock, as DVC does after the stage train."""
    outs = [{"path": paths.MODEL.as_posix(), "md5": md5(paths.MODEL)}]
    stages = {"train": {"cmd": "tabrail run train", "outs": outs}}
    YAML().dump({"schema": "2.0", "stages": stages}, paths.LOCK)


class Stage:
    """A stage."""

    def __init__(self, name: str) -> None:
        """Say which."""
        self.__name__ = name

    def main(self) -> None:
        """Run it in the folder that the test stands in."""
        run(self.__name__)
        if self.__name__ == "train":
            record_model()


prepare, train, evaluate = (Stage(name) for name in ("prepare", "train", "evaluate"))
