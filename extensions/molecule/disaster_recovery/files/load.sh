#!/bin/sh
# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# load.sh start: writes to the volume, and notes every 5 seconds how far the session is behind. load.sh stop: ends both, and
# prints the notes: phase and seconds, or - where a worker is not well.
set -eu
case $1 in
    start)
        mkdir -p /run/load /mnt/ledger/load
        echo before >/run/load/phase
        : >/run/load/notes
        # shellcheck disable=SC2016
        nohup sh -c 'n=0; while n=$((n + 1)); do echo $n >/mnt/ledger/load/$((n % 200)); sync /mnt/ledger/load; sleep 0.5; done' \
            >/dev/null 2>&1 &
        echo $! >/run/load/pids
        # shellcheck disable=SC2016
        nohup sh -c '
            while sleep 5; do
                phase=$(cat /run/load/phase)
                # What else asks at the same time locks the volume.
                rows=$(gluster volume geo-replication ledger "$1" status 2>/dev/null | grep /bricks) || continue
                case $rows in *Faulty* | *Initializing*) echo "$phase -"; continue ;; esac
                last=$(echo "$rows" | grep Active | grep -o "20..-..-.. ..:..:.." | sort | head -n 1)
                [ -n "$last" ] || { echo "$phase -"; continue; }
                echo "$phase $(($(date +%s) - $(date -ud "$last" +%s)))"
            done' sh "$(gluster volume geo-replication ledger status | grep -o '[^ ]*::[^ ]*' | head -n 1)" \
            >/run/load/notes 2>&1 &
        echo $! >>/run/load/pids
        ;;
    stop)
        # shellcheck disable=SC2046
        kill $(cat /run/load/pids)
        rm -r /mnt/ledger/load
        cat /run/load/notes
        ;;
esac
