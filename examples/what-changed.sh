#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Shows which registers a command changes in a BAR: dumps it before and after.
#
#	./what-changed.sh 1234:11e8 0 0+256 pcibar write 1234:11e8 0 4 0x12345678
set -eu

if [ $# -lt 4 ]; then
	echo "usage: $0 SELECTOR BAR RANGE COMMAND..." >&2
	exit 2
fi
selector=$1 bar=$2 range=$3
shift 3

before=$(mktemp)
after=$(mktemp)
trap 'rm -f "$before" "$after"' EXIT

pcibar dump "$selector" "$bar" "$range" >"$before"
"$@"
pcibar dump "$selector" "$bar" "$range" >"$after"

# Status 5 says that something differs, which is no failure here.
pcibar compare "$before" "$after" || [ $? -eq 5 ]
