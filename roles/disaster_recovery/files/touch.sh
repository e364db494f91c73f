#!/bin/sh
# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# touch.sh VOLUME: a change on every brick that changes nothing: the root folder gets the mode that it has. The process
# says it is Gluster's own (client-pid), so it is let through where the volume is read-only.
set -eu
mount=$(mktemp -d)
trap 'umount -l "$mount" && rmdir "$mount"' EXIT
glusterfs --client-pid=-1 --volfile-server=localhost --volfile-id="$1" --log-file=/var/log/glusterfs/disaster-recovery.log "$mount"
mountpoint -q "$mount"
chmod --reference="$mount" "$mount"
