#!/bin/sh
# Makes ../model/shapes.weights anew: draws 800 pictures and trains the network on them. Needs Python and darknet; takes
# about a quarter of an hour on one processor. The weights differ every time, as darknet draws its random numbers by the
# clock; those of the recipe were trained in two parts, with the layer [yolo] first and then with [region].
set -eu
darknet=${1:?usage: train.sh /path/to/darknet}
here=$(cd "$(dirname "$0")" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$here/draw.py" 800 "$work"
{
    echo "classes = 3"
    echo "train = $work/images.txt"
    echo "names = $here/../model/shapes.names"
    echo "backup = $work"
} >"$work/shapes.data"
"$darknet" detector train "$work/shapes.data" "$here/../model/shapes.cfg"
cp "$work/shapes_final.weights" "$here/../model/shapes.weights"
