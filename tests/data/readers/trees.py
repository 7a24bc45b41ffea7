"""Miniatures of the official layouts of public data sets: as few people as show every rule."""

import csv
import json
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def picture(path: Path) -> None:
    """A small picture that depends on its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(zlib.crc32(path.name.encode() + path.parent.name.encode()))
    coarse = Image.fromarray(rng.integers(0, 256, (8, 4, 3), dtype=np.uint8))
    coarse.resize((24, 48)).save(path, format="PNG")


def pictures(root: Path, names: Iterable[str]) -> None:
    for name in names:
        picture(root / name)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def cuhk_pedes(root: Path, annotations: str = "reid_raw.json") -> None:
    rows = [
        ("train", 1, "CUHK03/0001_00.png"), ("train", 1, "Market/0007_c3s3.jpg"), ("train", 10, "cam_a/1.png"),
        ("val", 2, "CUHK01/0363004.png"), ("test", 3, "test_query/p1.jpg"), ("test", 3, "train_query/p2.jpg"),
    ]  # fmt: skip
    listed = [
        {
            "split": split,
            "id": person,
            "file_path": path,
            "captions": [f"A man number {place} in blue.", f"Somebody {place} with a bag."],
            "processed_tokens": [["a"], ["somebody"]],
        }
        for place, (split, person, path) in enumerate(rows)
    ]
    pictures(root / "imgs", (path for _, _, path in rows))
    write(root / annotations, json.dumps(listed))


def icfg_pedes(root: Path) -> None:
    rows = [
        ("train", 0, "train/0000/0000_000_01_0303morning_0008_0.jpg"),
        ("train", 0, "test/0627/0627_004_05_0303morning_0015_0.jpg"),
        ("test", 3102, "test/0700/0700_001_12_0303noon_0015_0.jpg"),
    ]
    listed = [
        {
            "split": split,
            "id": person,
            "file_path": path,
            "captions": [f"A long caption number {place}."],
            "processed_tokens": [["a"]],
        }
        for place, (split, person, path) in enumerate(rows)
    ]
    pictures(root / "imgs", (path for _, _, path in rows))
    write(root / "ICFG-PEDES.json", json.dumps(listed))


def rstpreid(root: Path) -> None:
    rows = [
        ("train", 0, "0000_c14_0031.jpg"), ("train", 0, "0000_c1_0002.jpg"), ("val", 3701, "3701_c5_0001.jpg"),
        ("test", 3901, "3901_c7_0001.jpg"),
    ]  # fmt: skip
    listed = [
        {"id": person, "img_path": path, "captions": [f"A woman {path}", f"She walks {path}"], "split": split}
        for split, person, path in rows
    ]
    pictures(root / "imgs", (path for _, _, path in rows))
    write(root / "data_captions.json", json.dumps(listed))


def _with_sketches(base: Callable[[Path], None], folder: str) -> Callable[[Path], None]:
    def write_tree(root: Path) -> None:
        base(root)
        for photo in list((root / "imgs").rglob("*.*")):
            picture(root / folder / photo.relative_to(root / "imgs"))

    return write_tree


def qrcm_reid(root: Path) -> None:
    rows: list[list[object]] = []
    for source, (person, split) in enumerate(
        [(0, "train"), (0, "train"), (1, "train"), (2, "val"), (3, "test")]
    ):
        for folder, modality in (("imgs", "RGB"), ("imgs-IR", "IR"), ("imgs-sketch2", "sketch")):
            path = f"CUHK-PEDES/{folder}/cam_a/{source:03d}.png"
            picture(root / path)
            rows.append([f"/data/aio_reid/{path}", person, "The modality", modality, "", 1, source, split])
        caption = f"A man, number {source}"
        rows.append(["", person, f"The caption is '{caption}'", "text", caption, 0, source, split])
    header = ["image_path", "pid", "text", "modality", "ori_caption", "num_images", "camid", "split"]
    with (root / "cuhkpedes_aio_train.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])


def sysu_mm01(root: Path) -> None:
    for camera in range(1, 7):
        (root / f"cam{camera}").mkdir(parents=True)
    pictures(root, ["cam1/0001/0001.jpg", "cam1/0001/0002.jpg", "cam3/0001/0001.jpg", "cam6/0012/0001.jpg"])
    pictures(root, ["cam4/0012/0001.jpg", "cam2/0003/0001.jpg", "cam3/0003/0001.jpg"])
    pictures(root, ["cam5/0006/0001.jpg", "cam6/0006/0001.jpg"])
    write(root / "exp/train_id.txt", "12,1\n")
    write(root / "exp/val_id.txt", "3\n")
    write(root / "exp/test_id.txt", "6")


def regdb(root: Path) -> None:
    for trial in range(1, 11):
        for part, people in (("train", (10 + trial, 30)), ("test", (50, 60))):
            for kind, folder in (("visible", "Visible"), ("thermal", "Thermal")):
                names = [f"{folder}/{person}/front_{place}.bmp" for person in people for place in (1, 2)]
                pictures(root, names)
                lines = [f"{name} {number // 2}" for number, name in enumerate(names)]
                write(root / f"idx/{part}_{kind}_{trial}.txt", "\n".join(lines) + "\n")


def llcm(root: Path) -> None:
    for folder in ("test_vis", "test_nir"):
        (root / folder).mkdir(parents=True)
    vis = ["vis/0001/0001_c01_s185535_f7010_vis.jpg", "vis/0020/0020_c09_s1_f1_vis.jpg"]
    nir = ["nir/0001/0001_c02_s185535_f7010_nir.jpg"]
    test = [
        "test_vis/cam1/0005/0005_c01.jpg",
        "test_vis/cam9/0005/0005_c09.jpg",
        "test_nir/cam2/0005/0005.jpg",
    ]
    pictures(root, [*vis, *nir, *test, "test_vis/cam1/0099/not_listed.jpg"])
    write(root / "idx/train_vis.txt", f"{vis[0]} 0\n{vis[1]} 1\n")
    write(root / "idx/train_nir.txt", f"{nir[0]} 0\n")
    write(root / "idx/test_id.txt", "5\n")


def market_1501(root: Path) -> None:
    pictures(
        root / "bounding_box_train", ["0002_c1s1_000451_03.jpg", "0002_c2s1_000776_01.jpg", "0010_c6s1_1.jpg"]
    )
    pictures(root / "query", ["0001_c1s1_001051_00.jpg", "0003_c3s3_064744_00.jpg"])
    pictures(root / "bounding_box_test", ["-1_c1s1_000401_03.jpg", "0000_c1s1_000151_01.jpg"])
    pictures(root / "bounding_box_test", ["0001_c2s1_1.jpg", "0003_c4s1_1.jpg", "0004_c5s1_1.jpg"])
    write(root / "bounding_box_test/Thumbs.db", "")


def dukemtmc_reid(root: Path) -> None:
    pictures(root / "bounding_box_train", ["0001_c2_f0046182.jpg"])
    pictures(root / "query", ["0005_c2_f0046985.jpg"])
    pictures(root / "bounding_box_test", ["0005_c5_f0051781.jpg", "0007_c3_f0079399.jpg"])


def msmt17(root: Path) -> None:
    lists = {
        "train": ["0000/0000_000_01_0303morning_0008_0.jpg", "0001/0001_000_14_0303noon_0008_0.jpg"],
        "val": ["0000/0000_001_03_0303morning_0008_0.jpg"],
        "query": ["0000/0000_000_02_0303morning_0031_1.jpg"],
        "gallery": ["0000/0000_003_15_0303morning_0031_1.jpg", "0002/0002_003_04_0303noon_0031_1.jpg"],
    }
    for part, names in lists.items():
        folder = root / ("mask_train_v2" if part in ("train", "val") else "mask_test_v2")
        pictures(folder, names)
        write(root / f"list_{part}.txt", "".join(f"{name} {int(name[:4])}\n" for name in names))


def pku_sketch(root: Path) -> None:
    for person in range(1, 9):
        pictures(root / "photo", [f"{person}_05_{person}56.jpg", f"{person}_11_{person}70.jpg"])
        picture(root / f"sketch/{person}.jpg")
    write(root / "styleAnnotation/a_8.txt", "1\n")


def orbench(root: Path) -> None:
    for person in ("0001", "0002", "0601", "0602"):
        pictures(
            root, [f"{folder}/{person}/{person}_{folder}_1.jpg" for folder in ("vis", "nir", "cp", "sk")]
        )
    train = [
        {
            "id": number,
            "file_path": f"vis/{person}/{person}_vis_1.jpg",
            "caption": f"A man {person}.",
            "split": "train",
        }
        for number, person in enumerate(("0001", "0002"))
    ]
    write(root / "train_annos.json", json.dumps(train))
    people = {601: "0601", 602: "0602"}
    test: dict[str, list[list[Any]]] = {
        key: [[number, f"{folder}/{person}/{person}_{folder}_1.jpg"] for number, person in people.items()]
        for key, folder in (("RGB_GALLERY", "vis"), ("NIR", "nir"), ("CP", "cp"), ("SK", "sk"))
    }
    test["TEXT"] = [[601, "A woman in red."], [602, "A woman in green."]]
    test["NIR+TEXT"] = [[601, "nir/0601/0601_nir_1.jpg", "A woman in red."]]
    write(root / "test_gallery_and_queries.json", json.dumps(test))


def _karpathy(rows: list[tuple[str, str, str]]) -> str:
    images = [
        {
            "split": split,
            "filename": name,
            "imgid": number,
            "sentences": [{"raw": f"A dog {place} of {name}.", "tokens": []} for place in range(5)],
        }
        | ({"filepath": folder} if folder else {})
        for number, (split, folder, name) in enumerate(rows)
    ]
    return json.dumps({"images": images, "dataset": "miniature"})


def flickr30k(root: Path) -> None:
    rows = [("train", "", "1000092795.jpg"), ("val", "", "10002456.jpg"), ("test", "", "1007129816.jpg")]
    pictures(root / "flickr30k-images", (name for _, _, name in rows))
    write(root / "dataset_flickr30k.json", _karpathy(rows))


def mscoco(root: Path) -> None:
    rows = [
        ("train", "train2014", "COCO_train2014_000000057870.jpg"),
        ("restval", "val2014", "COCO_val2014_000000522418.jpg"),
        ("val", "val2014", "COCO_val2014_000000184613.jpg"),
        ("test", "val2014", "COCO_val2014_000000391895.jpg"),
    ]
    pictures(root, (f"{folder}/{name}" for _, folder, name in rows))
    write(root / "dataset_coco.json", _karpathy(rows))


WRITERS: dict[str, Callable[[Path], None]] = {
    "cuhk-pedes": cuhk_pedes,
    "icfg-pedes": icfg_pedes,
    "rstpreid": rstpreid,
    "qrcm-reid": qrcm_reid,
    "tri-cuhk-pedes": _with_sketches(cuhk_pedes, "imgs-sketch2"),
    "tri-icfg-pedes": _with_sketches(icfg_pedes, "imgs-sketch"),
    "tri-rstpreid": _with_sketches(rstpreid, "imgs-sketch"),
    "sysu-mm01": sysu_mm01,
    "regdb": regdb,
    "llcm": llcm,
    "market-1501": market_1501,
    "dukemtmc-reid": dukemtmc_reid,
    "msmt17": msmt17,
    "pku-sketch": pku_sketch,
    "orbench": orbench,
    "flickr30k": flickr30k,
    "mscoco": mscoco,
}
"""Name of a data set -> what writes its miniature below a root."""

REQUIRED: dict[str, tuple[str, ...]] = {
    "cuhk-pedes": ("imgs/", "reid_raw.json", "imgs/Market/"),
    "icfg-pedes": ("imgs/", "ICFG-PEDES.json", "imgs/test/0627/"),
    "rstpreid": ("imgs/", "data_captions.json"),
    "qrcm-reid": ("cuhkpedes_aio_train.csv", "CUHK-PEDES/imgs-IR/"),
    "tri-cuhk-pedes": ("imgs/", "reid_raw.json", "imgs-sketch2/", "imgs-sketch2/cam_a/"),
    "tri-icfg-pedes": ("imgs/", "ICFG-PEDES.json", "imgs-sketch/"),
    "tri-rstpreid": ("imgs/", "data_captions.json", "imgs-sketch/"),
    "sysu-mm01": ("cam3/", "exp/val_id.txt", "cam2/"),
    "regdb": ("idx/test_thermal_1.txt", "Visible/30/"),
    "llcm": ("idx/train_nir.txt", "idx/test_id.txt", "test_nir/", "vis/0020/"),
    "market-1501": ("bounding_box_train/", "query/", "bounding_box_test/"),
    "dukemtmc-reid": ("bounding_box_train/", "query/", "bounding_box_test/"),
    "msmt17": ("list_val.txt", "mask_test_v2/", "mask_train_v2/0001/"),
    "pku-sketch": ("photo/", "sketch/"),
    "orbench": ("vis/", "cp/", "train_annos.json", "test_gallery_and_queries.json", "sk/0002/"),
    "flickr30k": ("dataset_flickr30k.json", "flickr30k-images/"),
    "mscoco": ("dataset_coco.json", "val2014/", "train2014/"),
}
"""Files and folders (with a slash) without which a data set cannot be read."""
