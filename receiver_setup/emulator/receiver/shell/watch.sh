#!/bin/sh
# Create a cgroup; when its owner has ended, end everything in it, remove it and exit.
#
# $1:      the directory to create
# stdin:   the end of file means that the owner is gone, or done with it
# stdout:  "ready" when it exists
set -eu

# cgroup.kill exists since Linux 5.14; without it, kill by pid.
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
  # A process may enter between the kill and the rmdir, which then fails.
  while [ -d "$1" ] && [ "$tries" -lt 1000 ]; do
    kill_all "$1" || :
    find "$1" -depth -type d -exec rmdir {} \; || :
    tries=$((tries + 1))
    sleep 0.02
  done
}

main "$@"
