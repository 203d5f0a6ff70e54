#!/bin/sh
# What earlier runs left: an open journal, and how things were before the first change. Changes nothing.
# Given: user home recordings state key_folder accounts (those that are asked about) journal; patience (seconds to wait
# for another run), adopt (yes or no), look (setup, removal or status), directories.
# shellcheck disable=SC2154 # the given values stand in the lines before this file

# A script outlives the connection that it came by: it ends by itself, so wait for it rather than race with it.
facts_journal() {
  tries=0
  while [ -d "$journal" ]; do
    if lives "$journal/owner" 2; then
      limit=$((patience * 10))
    elif lives "$journal/writer" 1; then
      limit=300
    else
      break
    fi
    [ "$tries" -lt "$limit" ] || break
    tries=$((tries + 1))
    nap
  done
  [ -d "$journal" ] || return 0
  life=dead
  if lives "$journal/owner" 2 || lives "$journal/writer" 1; then life=alive; fi
  [ ! -e "$journal/done" ] || life="$life-done"
  emit journal "$life|$(journal_age)|$(sed -n 3p "$journal/owner" 2>/dev/null)"
}

facts_history() {
  emit administrator "${SUDO_USER:-$(id -un)}"
  [ ! -f "$state/last" ] || emit_file last "$state/last"
  for path in "$state/accounts"/*; do
    [ -d "$path" ] || continue
    emit filed_account "${path##*/}"
    # What is filed of those that are asked about is told with all else of them.
    case $newline$accounts$newline in *"$newline${path##*/}$newline"*) continue ;; esac
    [ ! -f "$path/cameras" ] || emit_file filed_cameras "$path/cameras"
    [ ! -f "$key_folder/${path##*/}" ] || emit_file filed_keys "$key_folder/${path##*/}"
  done
}

facts_ledger() {
  ledger=$state/accounts/$user
  [ ! -f "$ledger/undo" ] || emit_file ledger "$ledger/undo"
  [ ! -f "$ledger/cameras" ] || emit_file ledger_cameras "$ledger/cameras"
}

# Of an account that somebody made by hand: what it is used for, and the keys that open it.
facts_adoption() {
  [ "$adopt" = yes ] && uid=$(id -u "$user" 2>/dev/null) || return 0
  for process in $(processes_of "$uid"); do
    # The account's own manager of systemd's is no use that anybody makes of it, and ends by itself.
    ! grep -qs '/user@[0-9]*[.]service/init[.]scope$' "/proc/$process/cgroup" || continue
    read -r name 2>/dev/null <"/proc/$process/comm" || continue
    case $name in sshd* | sftp-server | internal-sftp) ;; *) emit program "$name" ;; esac
  done
  own_keys
}

# The upload user may have planted a link there: what was opened is checked, not what its name says.
own_keys() (
  file=$home/.ssh/authorized_keys
  [ -f "$file" ] && real=$(cd "$home" && pwd -P) || return 0
  exec 3<"$file" || return 0
  [ "$(readlink /proc/self/fd/3)" = "$real/.ssh/authorized_keys" ] || return 0
  case $(stat -L -c '%F|%u|%h' /proc/self/fd/3) in
    'regular file|0|1' | "regular file|$uid|1") emit_file foreign_keys /proc/self/fd/3 ;;
  esac
)

# What a removal has to tell of before it begins.
facts_removal() {
  [ "$look" = removal ] || return 0
  sed -n "s/^undo_\(directory\|mode\) '\([^']*\)'.*/\2/p" "$state/accounts/$user/undo" 2>/dev/null |
    while IFS= read -r path; do emit stat "$(stat -c '%F|%a|%u|%g|%U|%G|%n' "$path" 2>/dev/null)"; done
  if uid=$(id -u "$user" 2>/dev/null); then
    open_uploads "$uid" "$home" | sort -u | while IFS= read -r file; do emit upload "$file"; done
  fi
  [ ! -d "$recordings" ] || emit recordings "$(find "$recordings" -type f ! -name 'Test-Snapshot*' | wc -l | tr -d ' ')"
}

# The newest upload in each of the directories.
facts_status() {
  [ "$look" = status ] || return 0
  printf '%s\n' "$directories" | while IFS= read -r folder; do
    [ -d "$folder" ] || continue
    newest=$(find "$folder" -type f ! -name 'Test-Snapshot*' -exec stat -c '%Y|%s|%n' {} + 2>/dev/null | sort -n | tail -n 1)
    [ -z "$newest" ] || emit newest "$folder|$newest"
  done
}
