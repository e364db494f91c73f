#!/bin/sh
# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# extra.sh LEADER VOLUME FOLLOWER VOLUME [remove]: what the follower has and the leader has not: its number, and the
# first of it. With `remove` it is removed there. An entry is the same where its path, its type and its gfid are; Gluster
# makes the inode number from the gfid.
set -eu
export LC_ALL=C
work=$(mktemp -d)
finish() {
    for end in leader follower; do
        ! mountpoint -q "$work/$end" || umount -l "$work/$end"
    done
    # Never through a mount that would not go.
    rm -rf --one-file-system "$work"
}
trap finish EXIT

join() { # END HOST VOLUME
    mkdir "$work/$1"
    glusterfs --client-pid=-1 --volfile-server="$2" --volfile-id="$3" --log-file=/var/log/glusterfs/disaster-recovery.log \
        "$work/$1"
    mountpoint -q "$work/$1"
}

list() { # END
    cd "$work/$1"
    find . -mindepth 1 \( -path ./.trashcan -o -path './.glusterfs-anonymous-inode-*' \) -prune -o -printf '%i %y %P\0' \
        >"$work/$1.found"
    cd "$work"
    sort -z "$1.found" >"$1.sorted"
}

join leader "$1" "$2"
join follower "$3" "$4"
# The follower first: what is made or renamed meanwhile is then not taken for something that the leader lacks.
list follower
list leader
comm -z -23 follower.sorted leader.sorted | cut -z -d ' ' -f 3- | sort -zr >extra
tr -cd '\0' <extra | wc -c
tr '\0' '\n' <extra | tail -n 20
if [ "${5-}" = remove ]; then
    cd "$work/follower"
    xargs -0r rm -rf -- <"$work/extra"
fi
