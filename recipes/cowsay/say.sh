#!/bin/sh
# A cow says what was sent to it, or a fortune when nothing was.
#
# In:  $INPUT_FILE_PATH              what to say: an uploaded text, or the body of a request
# Out: $TMP_OUTPUT_DIR/cow.txt       the cow, saying it
#
# COW (default default; tux, dragon …) may be set in the recipe.
set -eu

: "${INPUT_FILE_PATH:?is not set: this function wants a text, uploaded or sent}"
: "${TMP_OUTPUT_DIR:?is not set: it names the folder that is uploaded}"
# Debian's cowsay is written in Perl, which speaks up about a locale that the image lacks.
export LC_ALL=C.UTF-8
# Both programs count as games in Debian, and games have a folder of their own.
PATH=$PATH:/usr/games

# A call with no input at all has an empty event.
text=$(cat "$INPUT_FILE_PATH")
case $text in
    '' | '{}' | '""' | null) text=$(fortune -a) ;;
esac

printf '%s\n' "$text" | cowsay -f "${COW:-default}" | tee "$TMP_OUTPUT_DIR/cow.txt"
