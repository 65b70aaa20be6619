#!/bin/sh
# One frame a second out of the video that was uploaded, and a contact sheet of them all.
#
# In:  $INPUT_FILE_PATH                             the video
# Out: $TMP_OUTPUT_DIR/frames/frame-0001.jpg …      the frames, at most 640 pixels wide
#      $TMP_OUTPUT_DIR/contact-sheet.jpg            all of them as small pictures, in rows
#
# FRAMES_PER_SECOND (default 1) and SHEET_FRAMES (default 100, the most that go on the sheet) may be set in the recipe.
set -eu

: "${INPUT_FILE_PATH:?is not set: this function wants a video, uploaded to its input bucket}"
: "${TMP_OUTPUT_DIR:?is not set: it names the folder that is uploaded}"
rate=${FRAMES_PER_SECOND:-1}
most=${SHEET_FRAMES:-100}

frames=$TMP_OUTPUT_DIR/frames
mkdir -p "$frames"

# -nostdin: ffmpeg reads commands from its input, and here it would wait for one.
# -loglevel error: as a warning, every JPEG would say that JPEG's own pixel format is deprecated.
ff() {
    ffmpeg -nostdin -hide_banner -loglevel error -y "$@"
}

# round=up gives a video of less than a second its one frame too; setsar=1 makes anamorphic video look right; and both
# sides stay even, because JPEG's chroma has half the size.
ff -i "$INPUT_FILE_PATH" -map 0:v:0 -an -sn \
    -vf "fps=fps=$rate:round=up,scale=w='max(2,trunc(min(640,iw*sar)/2)*2)':h='max(2,trunc(ow/dar/2)*2)',setsar=1" \
    -pix_fmt yuvj420p -q:v 3 -f image2 "$frames/frame-%04d.jpg"

count=0
for frame in "$frames"/frame-*.jpg; do
    if [ -e "$frame" ]; then count=$((count + 1)); fi
done
if [ "$count" -eq 0 ]; then
    echo "no frame found in $INPUT_FILE_PATH" >&2
    exit 1
fi

# A long video has more frames than the sheet holds: every n-th goes on it.
step=$(((count + most - 1) / most))
shown=$(((count + step - 1) / step))

# As square as it gets: the smallest number of columns whose square holds them all.
columns=1
while [ $((columns * columns)) -lt "$shown" ]; do
    columns=$((columns + 1))
done
rows=$(((shown + columns - 1) / columns))

ff -f image2 -start_number 1 -i "$frames/frame-%04d.jpg" \
    -vf "select='not(mod(n,$step))',scale=160:-2,tile=${columns}x${rows}:padding=4:margin=4" \
    -frames:v 1 -pix_fmt yuvj420p -q:v 3 -f image2 "$TMP_OUTPUT_DIR/contact-sheet.jpg"

echo "$count frames, $columns by $rows on the contact sheet"
