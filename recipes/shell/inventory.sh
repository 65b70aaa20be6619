#!/bin/sh
# What is in an archive: each file with its size and checksum, and which files are the same.
#
# In:  $INPUT_FILE_PATH                 a tar archive, as it is or compressed with gzip
# Out: $TMP_OUTPUT_DIR/SHA256SUMS       the checksums, in the order of the names, as sha256sum -c reads them
#      $TMP_OUTPUT_DIR/inventory.txt    SIZE NAME for each file, then the sum
#      $TMP_OUTPUT_DIR/duplicates.txt   files with equal content, in groups; absent when there are none
set -eu
export LC_ALL=C

: "${INPUT_FILE_PATH:?is not set: this function wants a tar archive, uploaded to its input bucket}"
: "${TMP_OUTPUT_DIR:?is not set: it names the folder that is uploaded}"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/tree"

case $INPUT_FILE_PATH in
    *.gz | *.tgz) gunzip -c "$INPUT_FILE_PATH" >"$folder/archive.tar" && archive=$folder/archive.tar ;;
    *) archive=$INPUT_FILE_PATH ;;
esac
tar -xf "$archive" -C "$folder/tree"

cd "$folder/tree"
find . -type f | sed 's,^\./,,' | sort >"$folder/names"
if [ ! -s "$folder/names" ]; then
    echo "no file in ${INPUT_FILE_PATH##*/}" >&2
    exit 1
fi

files=0 bytes=0
while IFS= read -r name; do
    size=$(wc -c <"$name")
    files=$((files + 1)) bytes=$((bytes + size))
    printf '%10d  %s\n' "$size" "$name"
    sha256sum "$name" >>"$TMP_OUTPUT_DIR/SHA256SUMS"
done <"$folder/names" >"$TMP_OUTPUT_DIR/inventory.txt"
printf '%10d  in %d files\n' "$bytes" "$files" >>"$TMP_OUTPUT_DIR/inventory.txt"

# Sorted by checksum, equal files stand together. A checksum has 64 digits, then come two characters and the name.
sort "$TMP_OUTPUT_DIR/SHA256SUMS" >"$folder/sorted"
previous_sum='' previous_name='' between='' is_group=no
while IFS= read -r line; do
    sum=${line%"${line#????????????????????????????????????????????????????????????????}"}
    name=${line#"$sum"??}
    if [ "$sum" != "$previous_sum" ]; then
        is_group=no
    else
        if [ $is_group = no ]; then printf '%s%s\n' "$between" "$previous_name"; fi
        printf '%s\n' "$name"
        is_group=yes between='
'
    fi
    previous_sum=$sum previous_name=$name
done <"$folder/sorted" >"$folder/duplicates"
if [ -s "$folder/duplicates" ]; then cp "$folder/duplicates" "$TMP_OUTPUT_DIR/duplicates.txt"; fi

echo "$files files, $bytes bytes"
