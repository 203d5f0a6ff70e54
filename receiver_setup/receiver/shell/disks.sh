# shellcheck shell=sh
# What the disks are like that a set-up would write to: which filesystem, how full, closed to writing.
# Leaves the folders that are there in $folders, one a line.
# Given: home key_file drop_in state (paths), directories (a list, one a line).
# shellcheck disable=SC2154 # the given values stand in the lines before this file

# folder PATH: a record of the path, of the folder nearest to it that is there, links followed, and whether
# root may make files in that one: not with an immutable attribute.
folder() {
  near=$1
  while [ ! -d "$near" ]; do
    near=${near%/*}
    near=${near:-/}
  done
  real=$near
  # In this shell itself: a fork for each of them would be most of what this costs.
  ! cd -P "$near" 2>/dev/null || real=$PWD
  may=no
  [ ! -w "$near" ] || may=yes
  emit folder "$may$newline$1$newline$real"
  folders="$folders$newline$real"
}

facts_disks() {
  folders=
  for path in /etc "${key_file%/*}" "${drop_in%/*}" "${state%/*}" "$home"; do folder "$path"; done
  seen=
  while IFS= read -r path; do
    while [ "${path#"$home"/}" != "$path" ]; do
      case "$newline$seen$newline" in *"$newline$path$newline"*) break ;; esac
      seen="$seen$newline$path"
      folder "$path"
      path=${path%/*}
    done
  done <<LIST
$directories
LIST
  cd /
  set --
  while IFS= read -r path; do [ -z "$path" ] || set -- "$@" "$path"; done <<LIST
$folders
LIST
  # Free blocks for root, for others, their size in bytes, inodes, free ones: the same in GNU's and busybox's stat.
  stat -f -c '%f|%a|%S|%c|%d|%n' "$@" 2>/dev/null | while IFS= read -r line; do emit room "$line"; done
  for path in /etc/passwd /etc/shadow /etc/group /etc/gshadow "$key_file" "$drop_in"; do
    if [ -e "$path" ] && [ ! -w "$path" ]; then emit unwritable "$path"; fi
  done
}
