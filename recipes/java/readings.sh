#!/bin/sh
# Runs the program that the recipe ships beside this script: readings.jar, made from Readings.java by build.sh. What
# goes in and what comes out stands there.
set -eu

: "${INPUT_FILE_PATH:?is not set: this function wants a CSV file, uploaded to its input bucket}"

# In the package, the recipe's files stand in a folder beside the script's.
jar=$(dirname "$0")/../files/java/readings.jar

# A function's life is short: start fast, compile little, collect garbage with one thread.
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -jar "$jar"
