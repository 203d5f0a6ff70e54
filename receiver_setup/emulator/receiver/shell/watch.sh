#!/bin/sh
# Make a cgroup; when its owner has ended, end everything in it, take it away and end as well.
#
# $1:      the directory to make
# stdin:   the end of file says that the owner is gone, or done with it
# stdout:  "ready" when it is there
set -eu

# cgroup.kill came with Linux 5.14; without it, by number.
kill_all() {
  if [ -w "$1/cgroup.kill" ]; then
    echo 1 >"$1/cgroup.kill"
  else
    find "$1" -name cgroup.procs -exec cat {} + | while read -r process; do kill -KILL "$process"; done
  fi
}

main() {
  mkdir "$1"
  echo ready
  exec >/dev/null 2>&1
  read -r _ || :
  tries=0
  # Something may move in between the kill and the rmdir, which then refuses.
  while [ -d "$1" ] && [ "$tries" -lt 1000 ]; do
    kill_all "$1" || :
    find "$1" -depth -type d -exec rmdir {} \; || :
    tries=$((tries + 1))
    sleep 0.02
  done
}

main "$@"
