#!/bin/sh
# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# newest.sh VOLUME SECONDS: JSON of what was written last, by the clock of the writer (the modification time of the newest file,
# which replication keeps), of when the last change arrived here, and how many seconds ago that is. Of a volume that cannot
# be looked through in that time it says nothing: what was seen so far may not be the newest.
set -eu
mount=$(mktemp -d)
trap 'umount -l "$mount" && rmdir "$mount"' EXIT
trap 'exit 1' HUP INT TERM # Ansible was killed: sh does not run the other trap then
glusterfs --read-only --volfile-server=localhost --volfile-id="$1" --log-file=/var/log/glusterfs/disaster-recovery.log "$mount"
mountpoint -q "$mount"
(timeout "$2" find "$mount" -mindepth 1 -path "$mount/.glusterfs-anonymous-inode-*" -prune -o -printf '%y %T@ %C@\n' || echo late) |
    awk -v now="$(date +%s)" '
        $1 == "f" && $2 > written { written = $2 }
        $3 > arrived { arrived = $3 }
        $1 == "late" { arrived = 0; exit }
        END { if (arrived) printf "%d %d %d\n", written, arrived, now - arrived }
    ' | {
    read -r written arrived seconds || { echo '{}'; exit; }
    printf '{"written": "%s", "arrived": "%s", "behind_seconds": %d}\n' \
        "$(date -u -d "@$written" +%Y-%m-%dT%H:%M:%SZ)" "$(date -u -d "@$arrived" +%Y-%m-%dT%H:%M:%SZ)" "$seconds"
}
