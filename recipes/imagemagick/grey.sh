#!/bin/sh
# The picture that was uploaded, in shades of grey, and a small copy of it to show in a list.
#
# In:  $INPUT_FILE_PATH                             the picture, of any kind that ImageMagick reads
# Out: $TMP_OUTPUT_DIR/grey/NAME                    the same picture in grey, under its own name
#      $TMP_OUTPUT_DIR/thumbnail/NAME.EXTENSION     its first frame, in colour
#
# THUMBNAIL_SIZE (default 160x160, the box that it fits in) and THUMBNAIL_FORMAT (default jpg) may be set in the recipe.
set -eu

: "${INPUT_FILE_PATH:?is not set: this function wants a picture, uploaded to its input bucket}"
: "${TMP_OUTPUT_DIR:?is not set: it names the folder that is uploaded}"
size=${THUMBNAIL_SIZE:-160x160}
format=${THUMBNAIL_FORMAT:-jpg}

# ImageMagick 7 is called magick; version 6 has convert alone.
if command -v magick >/dev/null; then
    im() { magick "$@"; }
else
    im() { convert "$@"; }
fi

file=${INPUT_FILE_PATH##*/}
# In the name of an output file, ‘%’ would stand for a number that ImageMagick counts.
name=$(printf '%s' "$file" | tr '%' '_')
mkdir -p "$TMP_OUTPUT_DIR/grey" "$TMP_OUTPUT_DIR/thumbnail"

# A camera says in the metadata which side is up. The metadata go, so the picture itself is turned.
im "$INPUT_FILE_PATH" -auto-orient -strip -colorspace Gray "$TMP_OUTPUT_DIR/grey/$name"
im "${INPUT_FILE_PATH}[0]" -auto-orient -strip -thumbnail "$size" "$TMP_OUTPUT_DIR/thumbnail/${name%.*}.$format"

echo "$file: in grey, and as a thumbnail of at most $size"
