#!/bin/sh
# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# extra.sh find|replace|remove LEADER VOLUME FOLLOWER VOLUME LIST: what the follower has and the leader has not, by path,
# type and gfid (Gluster makes the inode number from the gfid). It says how many entries these are, and names some.
#
# find     writes them to the file LIST.
# replace  removes them, whole folders too. Only before a session begins anew: it sends again what the leader has.
# remove   removes those in LIST whose path the leader has not at all, when neither end is written to and all has
#          arrived. Without LIST it looks for itself. Nothing is sent again after it, so it removes nothing else, and
#          fails where a path is something else than at the leader.
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
trap 'exit 1' HUP INT TERM # Ansible was killed: sh does not run the other trap then

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

# Into a file; what is in a folder comes before the folder.
compare() {
    # The follower first: what is made meanwhile is then not taken for something that the leader lacks.
    list follower
    list leader
    comm -z -23 follower.sorted leader.sorted | cut -z -d ' ' -f 3- | sort -zr >"$1"
}

tell() { # FILE
    tr -cd '\0' <"$1" | wc -c
    tr '\0' '\n' <"$1" | tail -n 20
}

what=$1 list=$6
join leader "$2" "$3"
join follower "$4" "$5"
cd "$work"
case $what in
    find)
        mkdir -p "$(dirname "$list")"
        compare "$list.new"
        mv "$list.new" "$list"
        tell "$list"
        ;;
    replace)
        compare extra
        tell extra
        (cd follower && xargs -0r rm -rf -- <"$work/extra")
        ;;
    remove)
        if [ -e "$list" ]; then cp "$list" extra; else compare extra; fi
        : >gone
        : >other
        # shellcheck disable=SC2016 # for the inner shell
        xargs -0r sh -c '
            look() { find "$1/$path" -maxdepth 0 -printf "%i %y" 2>/dev/null || true; }
            for path; do
                here=$(look follower) there=$(look leader)
                if [ -n "$here" ] && [ "$here" != "$there" ]; then
                    if [ -z "$there" ]; then printf "%s\0" "$path" >>gone; else printf "%s\n" "$path" >>other; fi
                fi
            done' sh <extra
        tell gone
        (cd follower && xargs -0r rm -fd -- <"$work/gone")
        if [ -s other ]; then
            echo "Although all has arrived, these are something else there: $(tail -n 20 other)" >&2
            exit 1
        fi
        rm -f "$list"
        ;;
esac
