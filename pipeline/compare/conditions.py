"""Under which conditions the compared images were made, so that everyone sees whether the comparison is fair."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.store.manifest import Manifest, read_manifest

CLOSED_FORM = "two-stage: start: stage-one image; closed form, no evaluation of its own."


def optimised(method: str, folders: Iterable[Path]) -> Iterator[str]:
    """Encoder, start and evaluations of an optimised method, in one line, from its manifests; none without any.

    Args:
        method: what it is called.
        folders: one for each image. An image that was edited, or put there by somebody else, is counted as such:
            nothing is known of it.
    """
    there = [folder for folder in folders if (folder / "image.png").exists()]
    known = [manifest for folder in there if (manifest := _own(folder)) is not None]
    others = f"; {len(there) - len(known)} edited or from elsewhere" if len(known) < len(there) else ""
    if known:
        yield f"{method}: {_in_words(known)}{others}."


def _own(folder: Path) -> Manifest | None:
    manifest = read_manifest(folder)
    if manifest is None or not manifest.intact(folder):
        return None
    told = {"encoder", "evaluations"} <= manifest.facts.keys()
    return manifest if told and {"start"} & (manifest.facts.keys() | manifest.recipe.settings.keys()) else None


def _in_words(manifests: list[Manifest]) -> str:
    starts = {str(manifest.facts.get("start") or manifest.recipe.settings["start"]) for manifest in manifests}
    encoders = {manifest.facts["encoder"] for manifest in manifests}
    evaluations = {manifest.facts["evaluations"] for manifest in manifests}
    count = "-".join(str(end) for end in sorted({min(evaluations), max(evaluations)}))
    return f"encoder: {', '.join(sorted(encoders))}; start: {', '.join(sorted(starts))}; evaluations: {count}"
