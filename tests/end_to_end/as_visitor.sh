#!/bin/sh
# Run a command as an unprivileged user who exists for this command only.
#
#   as_visitor.sh SUBORDINATE_IDS SOURCES COMMAND [ARGUMENT...]
#
# SUBORDINATE_IDS is the content of /etc/subuid and /etc/subgid, SOURCES a directory that is on PYTHONPATH as a copy
# the user may read. Start it in a mount namespace of its own: it mounts over files of the real /etc.
set -eu

main() {
  ids=$1 sources=$2
  shift 2
  mount -t tmpfs -o mode=755 visitor /media
  mkdir /media/sources
  mount --bind "$sources" /media/sources
  cp /etc/passwd /etc/group /media
  echo "visitor:x:4242:4242::/tmp:/bin/sh" >>/media/passwd
  echo "visitor:x:4242:" >>/media/group
  echo "$ids" >/media/subuid
  echo "$ids" >/media/subgid
  for file in passwd group subuid subgid; do
    mount --bind "/media/$file" "/etc/$file"
  done
  exec setpriv --reuid 4242 --regid 4242 --clear-groups -- \
    env -i PATH=/usr/bin:/bin HOME=/nonexistent PYTHONPATH=/media/sources PYTHONDONTWRITEBYTECODE=1 "$@"
}

main "$@"
