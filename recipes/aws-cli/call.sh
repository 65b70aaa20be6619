#!/bin/sh
# Calls the aws program with the arguments that were sent, and answers with what it prints.
#
# In:  $INPUT_FILE_PATH    the arguments, one a line: the body of a request
# Out: standard output     what the program prints
#
# In Lambda the program acts as the function's role, in the function's region.
set -eu

: "${INPUT_FILE_PATH:?is not set: this function wants arguments for aws, sent one a line}"

# Nobody pages through a function's answer, and the home folder of a function cannot be written to.
export AWS_PAGER='' HOME="${TMP_INPUT_DIR:-/tmp}"

set --
while IFS= read -r line || [ -n "$line" ]; do
    set -- "$@" "$line"
done <"$INPUT_FILE_PATH"
if [ $# -eq 0 ]; then
    echo "no arguments for aws: send them one a line" >&2
    exit 1
fi

exec aws "$@"
