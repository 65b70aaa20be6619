#!/bin/sh
# The video that was uploaded, in shades of grey.
#
# In:  $INPUT_FILE_PATH             the video
# Out: $TMP_OUTPUT_DIR/NAME.mp4     the same in grey, with its sound; H.264 and AAC, which every player knows
#
# QUALITY (default 23; 18 is hardly to be told from the original, 28 is small) may be set in the recipe.
set -eu

: "${INPUT_FILE_PATH:?is not set: this function wants a video, uploaded to its input bucket}"
: "${TMP_OUTPUT_DIR:?is not set: it names the folder that is uploaded}"
name=${INPUT_FILE_PATH##*/}
name=${name%.*}.mp4

# H.264 wants even sides. The picture passes through grey and back, because players seldom know grey H.264.
# Without a sound track, ‘0:a:0?’ means none.
ffmpeg -nostdin -hide_banner -loglevel error -y -i "$INPUT_FILE_PATH" -map 0:v:0 -map '0:a:0?' -sn \
    -vf "format=gray,scale=trunc(iw/2)*2:trunc(ih/2)*2,format=yuv420p" \
    -c:v libx264 -preset veryfast -crf "${QUALITY:-23}" -c:a aac -movflags +faststart "$TMP_OUTPUT_DIR/$name"

echo "$name: in grey"
