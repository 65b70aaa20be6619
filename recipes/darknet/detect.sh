#!/bin/sh
# What is in the picture that was uploaded: a neural network looks for objects, on the processor alone.
#
# In:  $INPUT_FILE_PATH                  a picture: JPEG, PNG, BMP …
# Out: $TMP_OUTPUT_DIR/objects.txt       KIND: PERCENT for each object, how sure the network is of it
#      $TMP_OUTPUT_DIR/detected.jpg      the picture with a box around each (old versions of darknet write a .png)
#
# The network is the one in model/, which knows circles, squares and triangles. Another takes its place when MODEL is set
# in the recipe: the path of its three files NAME.cfg, NAME.weights and NAME.names, without the ending. THRESHOLD (default
# 0.5) is how sure it must be, and DARKNET (default /opt/darknet) where darknet is in the image.
set -eu

: "${INPUT_FILE_PATH:?is not set: this function wants a picture, uploaded to its input bucket}"
: "${TMP_OUTPUT_DIR:?is not set: it names the folder that is uploaded}"
# In the package, the recipe's files stand in a folder beside the script's.
files=$(cd "$(dirname "$0")/../files" && pwd)
model=${MODEL:-$files/darknet/model/shapes}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
{
    echo "classes = $(wc -l <"$model.names")"
    echo "names = $model.names"
} >"$work/model.data"

# Darknet reads the letters for its labels from a folder of the working directory.
cd "${DARKNET:-/opt/darknet}"
./darknet detector test "$work/model.data" "$model.cfg" "$model.weights" "$INPUT_FILE_PATH" \
    -thresh "${THRESHOLD:-0.5}" -out "$work/detected" >"$work/said" 2>"$work/log" || {
    cat "$work/said" "$work/log" >&2
    exit 1
}

# A picture that darknet cannot read ends it with 0 all the same, but then there is none with boxes.
for ending in jpg png; do
    if [ -s "$work/detected.$ending" ]; then mv "$work/detected.$ending" "$TMP_OUTPUT_DIR/"; fi
done
if [ -z "$(ls -A "$TMP_OUTPUT_DIR")" ]; then
    cat "$work/said" "$work/log" >&2
    exit 1
fi

# Beside the objects darknet says how long it took, on a line that ends otherwise.
sed -n '/^[^:]*: [0-9]*%$/p' "$work/said" | sort >"$TMP_OUTPUT_DIR/objects.txt"
echo "$(wc -l <"$TMP_OUTPUT_DIR/objects.txt") objects"
