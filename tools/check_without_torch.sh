#!/usr/bin/env bash
# Proves that a device needs no torch, and nothing that draws or plots: in an environment with the extra `edge` alone, the
# shipped tiny-edge and packs for both runtimes are opened, pictures are embedded and enrolled, and people are found by words
# and by a photo. With the extra `tracking`, which brings matplotlib, they are followed too.
# check_without_torch.sh VENV: the packs are made in VENV, the other environment lies in VENV/edge.
set -euo pipefail
venv=$1
edge=$venv/edge
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

rm -rf "$edge" && "$venv/bin/python" -m venv "$edge" # an earlier one has the extra `tracking`
PATH="$venv/bin:$PATH" tools/install.sh "$edge" edge
"$edge/bin/python" - <<'PYTHON'
from importlib.util import find_spec

unwanted = ("torch", "transformers", "accelerate", "peft", "nncf", "skia", "matplotlib", "sklearn")
found = [name for name in unwanted if find_spec(name)]
raise SystemExit(f"the environment for devices has {', '.join(found)}" if found else 0)
PYTHON

"$venv/bin/crossreid" data draw "$work/world" --people test=6 --groups 1 --workers 1 >/dev/null
photos=$work/world/test/rgb
photo=$(find "$photos" -type f | sort | head -n 1)

find_people() { # ENCODER GALLERY
    "$edge/bin/crossreid" index "$photos" --encoder "$1" --out "$2" >/dev/null
    "$edge/bin/crossreid" search "$2" --text "a person in a coat" --top 3 >/dev/null
    "$edge/bin/crossreid" search "$2" --rgb "$photo" --top 1 --json >"$work/found.json"
    grep -q "$(basename "$photo")" "$work/found.json" || { cat "$work/found.json"; exit 1; }
}

find_people tiny-edge "$work/gallery-shipped"
"$edge/bin/crossreid" search "$work/gallery-shipped" --text "a person in a coat" --fpir 0.1 >/dev/null # calibrated too
"$venv/bin/crossreid" search "$work/gallery-shipped" --text "a person in a coat" --device cpu >/dev/null # by the model
echo "without torch: tiny-edge enrols and searches, and its gallery is the model's"

"$venv/bin/crossreid" export tiny-edge --runtime openvino --out "$work/openvino" >/dev/null
"$venv/bin/crossreid" export tiny-edge --runtime onnx --out "$work/onnx" >/dev/null
for runtime in openvino onnx; do
    find_people "$work/$runtime" "$work/gallery-$runtime"
    echo "without torch: a pack for $runtime embeds, enrols and searches"
done

PATH="$venv/bin:$PATH" tools/install.sh "$edge" tracking
for frame in 1 2 3 4 5 6; do echo "$frame,-1,0,0,40,80,0.9"; done >"$work/boxes.txt" # one person who stands still
for runtime in openvino onnx; do
    pack=$work/$runtime
    "$edge/bin/crossreid" edge run --pack "$pack" --camera c --spool "$work/spool-$runtime" --crops "$photos" >"$work/run.txt"
    grep -q "6 tracks wait" "$work/run.txt" || { cat "$work/run.txt"; exit 1; }
    "$edge/bin/crossreid" edge run --pack "$pack" --camera d --spool "$work/frames-$runtime" --source "$photos" \
        --crops "$work/boxes.txt" >"$work/run.txt"
    grep -q "1 tracks wait" "$work/run.txt" || { cat "$work/run.txt"; exit 1; }
    echo "without torch: a pack for $runtime follows"
done
