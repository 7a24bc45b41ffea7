"""What is not as in the paper, in words and with this set-up's own numbers."""

from collections.abc import Mapping
from typing import Any

from papers.mllmembed.writing_beyond import WORDS

_ALWAYS: Mapping[str, str] = {
    "table1": (
        "E: edge, C: cloud; E2C: the edge model embeds the queries, the cloud model the gallery. The paper's column"
        " Avg. is the mean of its mAP over three data sets. Its table has no E2C for sketches, and no C2E."
    ),
    "table2": (
        "`untrained`: the edge model as it was pretrained; `closed form`: its heads mapped onto the cloud model's"
        " features by a rotation or by least squares, whichever validation people search better with, and no step."
        " The task has a weight of 0.01 in all distillations. The paper's Avg. of task only and of cosine + PCM are"
        " 0.02 and 0.06 from the mean of the mAPs beside them."
    ),
    "table3": "The paper's 80.87 for rank 16 and stride 2 is not the mean of that model's mAPs in its table 1 (81.01).",
    "table4": "Named by the weight of the cosine : that of PCM and FR, halves each; the task has 0.01.",
    "table5": "The paper measured CLIP ViT-L/14 on the GPU of a TW-T208, in bf16.",
    "figure3": (
        "The paper prints no number and no yardstick for `low-rank`. Here: 95 % of the variance in less than a tenth of"
        " the dimensions."
    ),
    "figure6": (
        "Faster: less of the shared loss on the mean over all steps, each distillation at its own learning rate. Where"
        " the triplet loss enters the task, after its warm-up, all curves jump."
    ),
    **WORDS,
}


def differences(item: str, record: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of one table or figure.

    Args:
        item: its name.
        record: what a reproduction wrote of it.
    """
    own = _of_tiny(item, record) if record["configuration"]["preset"] == "tiny" else ""
    return tuple(filter(None, (_ALWAYS.get(item, ""), own)))


def _of_tiny(item: str, record: Mapping[str, Any]) -> str:
    dense = record["configuration"]["teacher"]["lora"]["dense"]
    return {
        "table3": (
            "A tower of the small cloud model has four blocks: with the paper's four dense ones all strides would"
            f" be the same. Here the last {dense} is dense, and the stride decides about the others."
        ),
        "table5": "Here: the small CLIP on this machine's processor.",
        "figure5": "The searches were drawn at random by the program.",
        "figure7": (
            "One drawn world in place of six data sets: the kinds of evidence stand in for them. `--preset paper`"
            " takes all six, those without four kinds of evidence by `--spectrum`."
        ),
    }.get(item, "")


def setting_words(record: Mapping[str, Any]) -> list[str]:
    """The whole set-up beside the paper's, a line each.

    Args:
        record: of any table or figure.
    """
    settings = record["configuration"]
    teacher, edge = settings["teacher"], settings["distillation"]
    cloud = f"{teacher['backbone']}, {_schedule(teacher)}"
    drawn = settings["preset"] == "tiny"
    heads = "in closed form" if drawn else f"as `{edge['distillation']['head_start']}`"
    start = f"{edge['backbone']}, {_schedule(edge)}, heads start {heads}"
    reductions = f"of the cloud model by {teacher['weights']['sdm_reduction']}"
    reductions += f", of the edge model by {edge['weights']['sdm_reduction']}"
    warm_up = f"{edge['weights']['triplet_warmup']:.0%}"
    words = [
        f"Cloud model: {cloud}. Paper: Qwen2-VL-2B, 120 epochs of 16 x 2.",
        f"Edge model: {start}. Paper: CLIP ViT-L/14, 60 epochs of 16 x 2.",
        f"Peak learning rates: {_rates(settings)}. Paper: 1e-05.",
        f"Checkpoint of each training: {_CHECKPOINTS[edge['keep']]}. Paper: not said.",
        f"Similarity loss {reductions}. Paper: sum over the pairs of modalities.",
        f"Triplet loss after {warm_up} of the steps. Paper: from the first one.",
        _temperatures(teacher, edge),
        *_not_in_the_text(edge),
    ]
    if not drawn:
        return [*words, _EPOCHS]
    dense = teacher["lora"]["dense"]
    adapted = (
        f"Adapters in the last {dense} block(s) of each tower, whatever the stride. Paper: in the last four."
    )
    return [_drawn(settings["world"]), *words, adapted, _PRETRAINED]


def _temperatures(teacher: Mapping[str, Any], edge: Mapping[str, Any]) -> str:
    cloud, small = (f"{one['weights']['temperature']:g}" for one in (teacher, edge))
    return (
        f"Temperatures of the similarity loss: cloud {cloud}, edge {small}. The paper's text has none; its authors'"
        " code has 0.05 and 0.07."
    )


def _not_in_the_text(edge: Mapping[str, Any]) -> list[str]:
    loop, augmentation = edge["loop"], edge["augmentation"]
    schedule = (
        f"Ours, since the paper's text has none of them: {loop['warmup_share']:.0%} of the steps to warm up, gradients"
        f" clipped to a norm of {loop['gradient_clip']:g}, weight decay {loop['weight_decay']:g}, β₂ = 0.98."
    )
    pictures = (
        f"Augmentation is ours, since the paper's text has none: flips ({augmentation['flip']:.0%}), crops after"
        f" padding by {augmentation['padding']} px, erased parts ({augmentation['erase']:.0%})."
    )
    return [schedule, pictures, _OF_THE_CODE, _STORED]


_OF_THE_CODE = (
    "From the authors' code, since the paper's text has none of them: a BNNeck before the classifier; in the triplet"
    " loss unit vectors, the farthest positive and the nearest negative of the batch, and the margin 0.3."
)

_STORED = (
    "The cloud model's features are computed once, of pictures without augmentation, and stored in half precision; the"
    " edge model sees augmented pictures. The paper does not say what its cloud model sees then."
)

_EPOCHS = (
    "Steps are the paper's 120 and 60 epochs of CUHK-PEDES alone (34,054 photographs, 32 groups a step): of its three"
    " training sets together (87,233) they are 47 and 23."
)


_PRETRAINED = (
    "Both backbones were pretrained on photographs and drawings of another place, with captions: the site, its infrared"
    " pictures and its sketches are new to them (rows `untrained`)."
)
_CHECKPOINTS = {
    "last": "the last",
    "best": "that of the best validation, of other people than those searched for",
}


def _rates(settings: Mapping[str, Any]) -> str:
    """Of cloud model, edge model alone and distillation: the grid, or the one of the configuration."""
    words = []
    for kind, name in (
        ("teacher", "cloud model"),
        ("student", "edge model alone"),
        ("distillation", "distillation"),
    ):
        grid = settings["arms"][f"{kind}_learning_rates"] or [settings[kind]["loop"]["learning_rate"]]
        chosen = " or ".join(f"{rate:g}" for rate in grid)
        words.append(f"{name} {chosen}" + (" as validation people choose" if len(grid) > 1 else ""))
    return ", ".join(words)


def _schedule(config: Mapping[str, Any]) -> str:
    batch = config["batch"]
    return f"{config['loop']['steps']:,} steps of {batch['people']} people x {batch['groups']} group(s)"


def _drawn(world: Mapping[str, Any]) -> str:
    learning = f"{world['train_people']:,} to learn from ({world['train_groups']} encounter(s) each)"
    validating = f"{world['validation_people']} to validate on ({world['validation_groups']} encounters each)"
    searching = f"{world['gallery_people']} others to search for ({world['gallery_groups']} encounters each)"
    return (
        f"Data: people drawn by the program at the `{world['style']}`, {learning}, {validating} and {searching}, others"
        " for each seed. Paper: photographs of CUHK-PEDES, ICFG-PEDES and RSTPReid with generated sketches and infrared"
        " pictures (QrCM-ReID)."
    )
