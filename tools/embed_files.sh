#!/bin/sh
# Writes files as a C array `files` of {name, bytes, length}, each by its name without the folder.
#
#   tools/embed_files.sh FILE...
set -eu

echo '/* Made by tools/embed_files.sh. */'
number=0
for file; do
    echo "static const unsigned char file_${number}[] = {"
    od -An -v -tx1 "$file" | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
    echo '};'
    number=$((number + 1))
done
echo 'static const ConsoleFile files[] = {'
number=0
for file; do
    echo "	{\"${file##*/}\", file_$number, sizeof(file_$number)},"
    number=$((number + 1))
done
echo '};'
