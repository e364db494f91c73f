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
umask 077
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

# What an end has, or what it has of these: number, type and path of each. An end that cannot be asked is a failure, and
# not one that has nothing. What is gone before it was looked at is none: of these, or where clients are at work.
list() { # END [PATHS]
    cd "$work/$1"
    ended=0
    if [ -n "${2-}" ]; then
        # shellcheck disable=SC2016 # for the inner shell
        sed -z 's,^,./,' "$2" | xargs -0r sh -c 'find "$@" -maxdepth 0 -printf "%i %y %p\0"' sh \
            >"$work/$1.found" 2>"$work/$1.said" || ended=$?
    else
        find . -mindepth 1 \( -path ./.trashcan -o -path './.glusterfs-anonymous-inode-*' \) -prune -o \
            -printf '%i %y %p\0' >"$work/$1.found" 2>"$work/$1.said" || ended=$?
    fi
    cd "$work"
    if [ "$ended" -ne 0 ]; then
        gone=': (No such file or directory|Not a directory)$'
        if [ -z "${2-}" ] && [ "$what" = remove ]; then gone='^$'; fi
        if [ ! -s "$1.said" ] || grep -Ev "$gone" "$1.said" >&2; then
            case $1 in leader) end=$leader ;; *) end=$follower ;; esac
            echo "$end could not be looked through (find ended with $ended). Nothing was removed; run the same again." >&2
            exit 1
        fi
    fi
    sort -z "$1.found" >"$1.sorted"
}

paths() {
    sed -z 's,^[0-9]* . \./,,' | sort -z
}

compare() { # FILE [PATHS]
    # The follower first: what is made meanwhile is then not taken for something that the leader lacks.
    list follower "${2-}"
    list leader "${2-}"
    comm -z -23 follower.sorted leader.sorted | paths >"$1"
}

tell() { # FILE
    tr -cd '\0' <"$1" | wc -c
    tr '\0' '\n' <"$1" | head -n 20
}

what=$1 list=$6 leader="Volume $3 of $2" follower="Volume $5 of $4"
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
        if [ -e "$list" ]; then compare extra "$list"; else compare extra; fi
        paths <leader.sorted >there
        comm -z -23 extra there >gone
        comm -z -12 extra there >other
        tell gone
        # What is in a folder before the folder.
        (cd follower && sort -zr "$work/gone" | xargs -0r rm -fd --)
        if [ -s other ]; then
            echo "Although all has arrived, these are something else there: $(tell other | tail -n +2)" >&2
            exit 1
        fi
        rm -f "$list"
        ;;
esac
