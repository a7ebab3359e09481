"""A pair of one's own through stage one, for the page to go on from."""

from collections.abc import Callable
from pathlib import Path

from pipeline.dataset.found_masks import WAYS, with_found_mask
from pipeline.dataset.loading import load_inputs
from pipeline.dataset.pairs import Pair
from pipeline.events.progress import Advance, ignore
from pipeline.images.encoding import encode_tiff
from pipeline.live.live import Live, Served
from pipeline.live.upload import Progress
from pipeline.networks.loaded import Network
from pipeline.run.performing import bring_up_to_date
from pipeline.run.task import PairTask
from pipeline.settings.config import Config
from pipeline.steps.segment import finder_of
from pipeline.steps.stylize import STYLIZE
from pipeline.store.files import write_atomically
from stages.smooth import find_anchor


def through_stage_one(
    live: Live, config: Config, network: Network, pair: Pair, place: Path, tell: Callable[[Progress], None]
) -> None:
    """Shows two photos on the page, as a draft at first, and then as stage one makes them.

    place: the folder of their results. Raises what `bring_up_to_date` raises.
    """
    if config.masks in WAYS:
        bring_up_to_date(PairTask(pair, finder_of(config), config, place), network, ignore)
    served = Served(with_found_mask(pair, place, config), place, config)
    inputs = load_inputs(served.pair, config.size)
    draft = find_anchor(inputs.content, inputs.style, inputs.regions)
    served.link.parent.mkdir()
    write_atomically(served.link, encode_tiff(draft))
    number = len(live.pairs)
    live.pairs.append(served)
    tell(Progress(text="stage one", pair=number))

    def on_advance(advance: Advance) -> None:
        tell(Progress(advance.done, advance.total, f"stage one {advance.text}", pair=number))

    bring_up_to_date(PairTask(pair, STYLIZE, config, place, force=True), network, on_advance)
