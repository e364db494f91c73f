#!/bin/sh
# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# try.sh VOLUME: a volume that can be written to takes a file, gives it back and removes it.
set -eu
mount=$(mktemp -d)
trap 'umount -l "$mount" && rmdir "$mount"' EXIT
trap 'exit 1' HUP INT TERM # Ansible was killed: sh does not run the other trap then
glusterfs --volfile-server=localhost --volfile-id="$1" --log-file=/var/log/glusterfs/disaster-recovery.log "$mount"
mountpoint -q "$mount"
file=$(mktemp -p "$mount" .test-failover-XXXXXX)
echo written >"$file"
sync "$file"
[ "$(cat "$file")" = written ]
rm "$file"
