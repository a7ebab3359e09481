"""The commands on a dataset."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from pipeline.cli.options.common import WithSettings
from pipeline.dataset.pairs import Pair
from pipeline.dataset.results_folder import size_made
from pipeline.settings.config import Config
from pipeline.settings.layers import load_config
from stages.settings import Positive


class OnDataset(WithSettings, frozen=True, kw_only=True):
    """What every command on a dataset takes."""

    dataset: Path
    """This is the folder of pairs."""
    results: Path = Path("results")
    """The results go to this folder, in a folder of the dataset's name."""
    pairs: tuple[str, ...] = ()
    """Only these pairs are looked at; without it, all are."""

    positionals = ("dataset",)

    def settings_of(self, pair: Pair | None = None) -> Config:
        """The settings of one pair, or of the dataset as a whole.

        Raises:
            ConfigError: a file can't be used.
        """
        if self.goes_on:
            return settings_going_on(self, self.dataset, self.results, pair)
        return load_config(self.dataset, self.config, pair and pair.own_settings(), self.typed)


def settings_going_on(command: WithSettings, dataset: Path, results: Path, pair: Pair | None) -> Config:
    """The settings of a command that goes on from results: where no size is set, theirs.

    Raises:
        ConfigError: a file can't be used.
    """
    of_dataset = results / dataset.resolve().name
    sizes = {size_made(folder) for folder in ([of_dataset / pair.name] if pair else of_dataset.glob("*"))} - {None}
    made = {"size": sizes.pop()} if len(sizes) == 1 else {}
    return load_config(dataset, command.config, pair and pair.own_settings(), command.typed, made)


class Working(OnDataset, frozen=True, kw_only=True):
    """What every command takes that makes results."""

    force: bool = False
    """What is current is done again."""
    retry_failed: bool = False
    """What failed before is tried again; without it, that is only told again, until its files or settings change."""
    workers: Annotated[int, Meta(ge=1)] | None = None
    """Beside those that optimise, so many processes are at work at once, at most; without it, as many as this machine's
    cores and its free memory allow."""
    cluster: str | None = None
    """The work is done on this Ray cluster: auto, or ray://HOST:PORT. All its nodes need the folders of dataset and
    results."""
    gpu_share: Annotated[float, Meta(gt=0, le=1)] = 1.0
    """On a cluster, each task of stage one takes this share of a GPU: with 0.5, each GPU has two at once."""


class Run(Working, frozen=True, kw_only=True):
    """All stages on every pair, then the comparison; what is current is not done again."""

    no_compare: bool = False
    """What only serves to compare is left out: the one-stage method, the scores and the report."""


class Segment(Working, frozen=True, kw_only=True):
    """Finds masks for the pairs without, in the photos, to look at and edit; `run` and `stylize` do it too."""

    leaves_out = frozenset({"gpu_share", "stylize", "smooth", "onestage"})


class Stylize(Working, frozen=True):
    """Stage one: the style, by optimisation over a network's features."""

    leaves_out = frozenset({"smooth", "onestage"})


class Smooth(Working, frozen=True, kw_only=True):
    """Stage two: the photorealism, in closed form, from the stage-one image as it is."""

    lambdas: tuple[Positive, ...] = ()
    """Several, where --smooth.lambda is a list: then the settings' one is not used."""

    goes_on = True
    leaves_out = frozenset({"gpu_share", "encoder", "device", "segment", "stylize", "onestage"})


class Onestage(Working, frozen=True):
    """The paper's one-stage method, to compare with: both terms in one optimisation."""

    goes_on = True
    leaves_out = frozenset({"stylize", "smooth"})


class Compare(Working, frozen=True, kw_only=True):
    """Scores what there is of all methods, and makes a contact sheet for each pair and the report."""

    sweep: bool = False
    """Edges are also drawn against style, over lambda for two-stage and over the photorealism weight for one-stage;
    each weight is an optimisation, kept for the next time."""

    goes_on = True
    leaves_out = frozenset({"gpu_share", "retry_failed", "segment", "stylize"})


class Ui(WithSettings, frozen=True, kw_only=True):
    """A page on this machine: drag lambda and see stage two solved anew; two photos of your own through both stages."""

    dataset: Path | None = None
    """This is the folder of pairs; without one, the page only takes photos of your own."""
    results: Path = Path("results")
    """The results are in this folder, in a folder of the dataset's name."""
    pairs: tuple[str, ...] = ()
    """Only these pairs are looked at; without it, all are."""
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """The page is served on this port of 127.0.0.1; 0 is any free one."""

    positionals = ("dataset",)
    leaves_out = frozenset({"onestage"})

    def settings_of(self, pair: Pair | None = None) -> Config:
        """The settings of one pair, or of the dataset as a whole, at the size of its results.

        Raises:
            ConfigError: a file can't be used.
        """
        if self.dataset is None:
            return super().settings_of(pair)
        return settings_going_on(self, self.dataset, self.results, pair)


class Explain(OnDataset, frozen=True):
    """A page that explains the method, with live figures on the first pair's photos; no results are needed."""

    leaves_out = frozenset({"size", "encoder", "device", "segment", "stylize", "smooth", "onestage"})


class Status(OnDataset, frozen=True):
    """Which results are current, of other settings, stale (and why), failed or missing."""

    goes_on = True
