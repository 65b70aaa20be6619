#!/bin/sh
# Makes readings.jar anew: the image has a Java that runs programs, not one that compiles them. Needs JDK 17 or later.
set -eu
cd "$(dirname "$0")"

classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
javac --release 17 -Xlint:all -g:none -d "$classes" Readings.java
jar --create --file readings.jar --date 2025-01-01T00:00:00Z --main-class Readings -C "$classes" .
