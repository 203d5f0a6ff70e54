#!/bin/sh
# Stands in for one program of a receiver, which is $real. While /run/faults/armed is there it notes each call, and
# goes wrong in the one whose number stands in /run/faults/at.
# shellcheck disable=SC2154 # a line above sets $real
faults=/run/faults

# The power goes when only a part of a folder has been deleted, or of a file written.
do_half() {
  case "${0##*/} ${1-}" in
    'rm -rf')
      for path in "$@"; do
        if [ -d "$path" ]; then
          find "$path" -mindepth 1 | sort | "$kind" -n "$(($(find "$path" -mindepth 1 | wc -l) / 2))" | xargs -r /bin/rm -rf
        fi
      done
      ;;
    'rm -f')
      shift
      printf '%s\\n' "$@" | "$kind" -n "$(($# / 2))" | xargs -r /bin/rm -f
      ;;
    'cp '*)
      while [ "$#" -gt 2 ]; do shift; done
      head -c "$(($(wc -c <"$1") / 2))" "$1" >"$2"
      ;;
  esac
}

# Whoever set this up does the rest.
reach() {
  : >"$faults/reached"
  while [ ! -e "$faults/go" ]; do sleep 0.02; done
}

main() {
  [ -e "$faults/armed" ] || exec "$real" "$@"
  printf '%s\n' "${0##*/} $*" >>"$faults/log"
  [ "$(wc -l <"$faults/log")" = "$(cat "$faults/at")" ] || exec "$real" "$@"
  kind=$(cat "$faults/kind")
  case $kind in
    fail) exit 1 ;;
    late)
      "$real" "$@"
      exit 1
      ;;
    cut) pkill -KILL -f '^sshd(-session)?: admin' ;;
    head | tail)
      do_half "$@"
      reach
      ;;
    *) reach ;;
  esac
  exec "$real" "$@"
}

main "$@"
