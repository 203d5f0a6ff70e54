#!/bin/sh
# Change the receiver as one transaction: every undo is on disk before the first change is made.
# Given: user home drop_in state journal owner (this run's token), and a function `steps` that names each
# step ($stage) twice over: "$1_user …" is journal_user on the way in and make_user when it is done.
# shellcheck disable=SC2154 # the given values stand in the lines before this file

# say STATUS STEP DETAIL: one record a step.
say() { emit step "$1|$2|$3"; }

quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

# remember UNDO ARGUMENT…: append one line of shell to the journal; it is run as it stands.
remember() {
  line=$1
  shift
  for argument in "$@"; do line="$line $(quoted "$argument")"; done
  # First backup wins: a later step on the same thing must not replace what was there at first.
  grep -qxF -e "$line" "$journal/undo" || printf '%s\n' "$line" >>"$journal/undo"
}

# ---- the way in: write down how each step is taken back

journal_open() {
  if [ -d "$journal" ]; then
    [ "$(head -n 1 "$journal/owner" 2>/dev/null)" = "$owner" ]
    return
  fi
  [ -d "$state" ] || mkdir -m 0700 "$state" || return 1
  [ ! -d "$journal.new" ] || rm -rf "$journal.new"
  mkdir -m 0700 "$journal.new" || return 1
  (umask 077 && printf '%s\n%s\n' "$owner" "$(owner_process)" >"$journal.new/owner" &&
    printf '%s' "$home" >"$journal.new/home" && : >"$journal.new/undo") || return 1
  mv "$journal.new" "$journal"
}

# Whoever finds the journal must know whether a script is still at work on it, though its asker may be gone.
journal_claim() { (umask 077 && printf '%s %s\n' "$$" "$(started "$$")" >"$journal/writer"); }

journal_user() {
  if ! grep -q "^$1:" /etc/passwd; then
    # userdel takes a group of the same name with it, whoever made that group.
    number=$(sed -n "s/^$1:[^:]*:\([0-9]*\):.*/\1/p" /etc/group)
    if [ -n "$number" ]; then
      remember undo_group "$1" "$number"
    elif ! has useradd; then # its group is made before it, and may be all that was made
      remember undo_new_group "$1"
    fi
    remember undo_user "$1"
  fi
}

# A password that was already set is one that an earlier run made up: there is none to go back to.
journal_password() {
  if grep -qs "^$1:[*!]" /etc/shadow; then remember undo_password "$1"; fi
}

journal_directory() {
  line=$(stat -c '%u:%g %a' "$1" 2>/dev/null)
  if [ -z "$line" ]; then
    remember undo_directory "$1"
  elif ! grep -qF "undo_mode $(quoted "$1") " "$journal/undo"; then
    remember undo_mode "$1" "${line% *}" "${line#* }"
  fi
}

journal_file() {
  if grep -q "^undo_\(restore\|remove\) $(quoted "$1" | sed 's/[].[*^$\/]/\\&/g')" "$journal/undo"; then
    return 0
  fi
  if [ -e "$1" ] || [ -L "$1" ]; then
    count=$(find "$journal" -name 'backup.*' | wc -l)
    cp -Pp "$1" "$journal/backup.$((count))" || return 1
    remember undo_restore "$1" "$journal/backup.$((count))"
  else
    remember undo_remove "$1"
  fi
}

journal_sshd() { remember undo_reload; }

# ---- the steps

fail() {
  why=$1
  return 1
}

# try COMMAND…: run it; on failure keep what it printed.
try() {
  why=$("$@" 2>&1 </dev/null) || {
    why="$1: ${why:-it failed without a word}"
    return 1
  }
}

# make_user NAME HOME SHELL COMMENT
make_user() {
  if has useradd; then
    group=--user-group
    ! grep -q "^$1:" /etc/group || group=--gid=$1
    try useradd --system "$group" --no-create-home --home-dir "$2" --shell "$3" --comment "$4" \
      --password '*' "$1" || return 1
  elif has adduser; then # busybox: without -G the user would be in nogroup, together with others
    grep -q "^$1:" /etc/group || try addgroup -S "$1" || return 1
    try adduser -S -D -H -h "$2" -s "$3" -g "$4" -G "$1" "$1" || return 1
  else
    fail 'neither useradd nor adduser is installed' || return 1
  fi
  say changed "$stage" "$1, home $2, shell $3"
}

# Busybox may hash by DES unless told otherwise, and DES looks at no more than eight characters.
set_password() {
  if chpasswd --help 2>&1 </dev/null | grep -q BusyBox; then chpasswd -c sha512; else chpasswd; fi
}

# make_password NAME FIELD: FIELD is '*' (no password opens the account) or empty, then $password is set.
# The password comes in this script, on standard input, and goes into a pipe: no process list shows it.
make_password() {
  if [ -n "$2" ]; then
    if has usermod; then
      try usermod --password "$2" "$1" || return 1
    else
      why=$(printf '%s:%s\n' "$1" "$2" | chpasswd -e 2>&1) || return 1
    fi
    say changed "$stage" "no password opens $1"
  else
    why=$(printf '%s:%s\n' "$1" "$password" | set_password 2>&1) || return 1
    say changed "$stage" "a random one, for $1 alone"
  fi
}

# enter PATH: go there, and nowhere else: below the home the upload user may have planted links on the way.
# The home and what is above it are root's, so its real path can be trusted. Call it in a subshell.
enter() {
  case $1 in
    "$home"/*) real=$(cd "$home" && pwd -P) && cd "$1" && [ "$(pwd -P)" = "$real${1#"$home"}" ] ;;
    *) cd "$1" ;;
  esac || {
    printf '%s is not the directory that it seems to be: a link stands in its way' "$1"
    return 1
  }
}

enter_parent() {
  parent=${1%/*}
  enter "${parent:-/}"
}

make_folder() (enter_parent "$1" && { [ -d "${1##*/}" ] || mkdir -m 0700 "${1##*/}"; })
own_folder() (enter "$1" && chown "$2" . && chmod "$3" .)

# make_directory PATH OWNER MODE: the parents are there already, or are steps of their own.
make_directory() {
  try make_folder "$1" || return 1
  try own_folder "$1" "$2" "$3" || return 1
  ! has restorecon || restorecon "$1" 2>/dev/null || :
  say changed "$stage" "$1, owner $2, mode $3"
}

# A directory that this same transaction made: its undo is in the journal already.
journal_retract() { :; }
make_retract() {
  undo_directory "$1" >/dev/null
  say changed "$stage" "$1"
}

# make_file PATH MODE CONTENT: a new file beside it, then a rename; nobody ever reads half a file.
make_file() {
  if [ -L "$1" ]; then
    fail "$1 is a symbolic link, which root must not follow here" || return 1
  fi
  folder=${1%/*}
  temporary=$(mktemp "$folder/.receiver-setup.XXXXXX") || fail "cannot write in $folder" || return 1
  if printf '%s' "$3" >"$temporary" && chmod "$2" "$temporary" && mv -f "$temporary" "$1"; then
    ! has restorecon || restorecon "$1" 2>/dev/null || :
    say changed "$stage" "$1"
  else
    rm -f "$temporary"
    fail "cannot write $1" || return 1
  fi
}

# make_sshd EXPECTED…: each EXPECTED is a line that `sshd -T` must print for the upload user.
make_sshd() {
  sshd=$(sshd_path) || fail 'sshd is not installed' || return 1
  prepare_run_directory
  why=$("$sshd" -t 2>&1 </dev/null) || {
    why="sshd -t refuses the configuration: $why"
    return 1
  }
  effective=$("$sshd" -T -C "user=$user,host=receiver-setup.invalid,addr=192.0.2.1" 2>&1 </dev/null) || {
    why="sshd -T refuses the configuration: $effective"
    return 1
  }
  for expected in "$@"; do
    case "$newline$effective$newline" in
      *"$newline$expected$newline"*) ;;
      *)
        keyword=${expected%% *}
        seen=$(printf '%s\n' "$effective" | grep -i "^$keyword ")
        why="sshd would use \"${seen:-no $keyword}\" for $user, not \"$expected\""
        return 1
        ;;
    esac
  done
  reload_sshd || return 1
  say changed "$stage" "$how, after sshd -t and sshd -T -C user=$user agreed"
}

# ---- sshd

# Which sockets listen, by inode: a reloaded sshd opens new ones.
listening_sockets() {
  for table in /proc/net/tcp /proc/net/tcp6; do
    while read -r _ place _ condition _ _ _ _ _ inode _; do
      [ "$condition" != 0A ] || printf '%s %s\n' "${place##*:}" "$inode"
    done 2>/dev/null <"$table"
  done
}

# The listener's own lines in /proc/net, whatever else listens on this machine.
own_sockets() {
  for fd in "/proc/$1/fd"/*; do
    link=$(readlink "$fd" 2>/dev/null) || continue
    case $link in
      'socket:['*)
        inode=${link#socket:[}
        inode=${inode%]}
        case "$newline$2$newline" in *" $inode$newline"*) printf '%s ' "$inode" ;; esac
        ;;
    esac
  done
}

# A reload returns before sshd has read anything: wait until it listens on new sockets.
wait_for_listener() {
  tries=0
  while [ "$tries" -lt 100 ]; do
    after=$(own_sockets "$1" "$(listening_sockets)")
    if [ -n "$after" ] && [ "$after" != "$2" ]; then return 0; fi
    if ! kill -0 "$1" 2>/dev/null; then
      fail 'sshd ended instead of reading its configuration anew'
      return 1
    fi
    tries=$((tries + 1))
    sleep 0.05 2>/dev/null || sleep 1
  done
  fail 'sshd did not listen again after the reload'
}

# reload_sshd: by whichever way this machine has; sets $how.
reload_sshd() {
  server=$(sshd_pid)
  if [ -z "$server" ]; then
    if systemd_runs && { systemctl -q is-active ssh.socket || systemctl -q is-active sshd.socket; }; then
      how='not needed: ssh.socket starts sshd with the new configuration'
      return 0
    fi
    fail 'no sshd is running'
    return 1
  fi
  before=$(own_sockets "$server" "$(listening_sockets)")
  how=
  if systemd_runs; then
    for unit in ssh sshd; do
      if systemctl -q is-active "$unit.service"; then
        if systemctl -q is-active "$unit.socket"; then
          # An sshd on systemd's own socket ends at a reload (Debian 12 and 13: it cannot bind). A restart is
          # safe there: systemd keeps the socket, and the unit's KillMode=process the sessions, ours as well.
          try systemctl restart "$unit.service" || return 1
          how="systemctl restart $unit, which $unit.socket had started"
          return 0
        fi
        try systemctl reload "$unit.service" || return 1
        how="systemctl reload $unit"
        break
      fi
    done
  elif has rc-service && rc-service -q sshd status >/dev/null 2>&1; then
    try rc-service sshd reload || return 1
    how='rc-service sshd reload'
  elif has service && [ -x /etc/init.d/ssh ] && service ssh reload >/dev/null 2>&1 </dev/null; then
    how='service ssh reload'
  fi
  if [ -z "$how" ]; then
    try kill -HUP "$server" || return 1
    how="SIGHUP to sshd ($server)"
  fi
  # Under systemd with a socket of its own there is nothing new to wait for.
  [ -n "$before" ] || return 0
  wait_for_listener "$server" "$before"
}

# ---- the way back, last step first; each is harmless where its step was never made

undo_user() {
  grep -q "^$1:" /etc/passwd || return 0
  end_sessions "$1"
  if has userdel; then
    userdel "$1" 2>/dev/null || userdel -f "$1"
  else
    deluser "$1"
  fi
}

undo_password() { make_password "$1" '*' >/dev/null || { printf '%s' "$why" && return 1; }; }

undo_group() {
  if grep -q "^$1:" /etc/group; then return; fi
  if has groupadd; then groupadd -g "$2" "$1"; else addgroup -g "$2" "$1"; fi
}

undo_new_group() {
  grep -q "^$1:" /etc/group || return 0
  if has groupdel; then groupdel "$1"; else delgroup "$1"; fi
}

undo_mode() { [ ! -d "$1" ] || own_folder "$1" "$2" "$3"; }

# A directory of ours goes with the test pictures in it; anything else that arrived meanwhile stays.
undo_directory() (
  [ -d "$1" ] || return 0
  enter_parent "$1" || return 1
  find "./${1##*/}" -type f -name 'Test-Snapshot*' -exec rm -f {} +
  find "./${1##*/}" -depth -type d -exec rmdir {} \; 2>/dev/null
  [ ! -d "${1##*/}" ] || printf 'kept: it holds files that are not ours to delete'
)

undo_remove() { rm -f "$1"; }

undo_restore() {
  temporary=$(mktemp "${1%/*}/.receiver-setup.XXXXXX") && cp -Pp "$2" "$temporary" && mv -f "$temporary" "$1"
}

reload_checked() {
  prepare_run_directory
  sshd=$(sshd_path) && "$sshd" -t && { reload_sshd || { printf '%s' "$why" && return 1; }; }
}

# Only the upload user's own sessions: their uid is the second number of Uid in /proc.
end_sessions() {
  uid=$(id -u "$1" 2>/dev/null) || return 0
  [ "$uid" -gt 0 ] || return 0
  for status in /proc/[0-9]*/status; do
    if grep -qs "^Uid:[[:space:]]*${uid}[[:space:]]" "$status"; then
      process=${status#/proc/}
      kill -KILL "${process%/status}" 2>/dev/null
    fi
  done
  tries=0
  while [ "$tries" -lt 20 ] && grep -qs "^Uid:[[:space:]]*${uid}[[:space:]]" /proc/[0-9]*/status; do
    tries=$((tries + 1))
    sleep 0.05 2>/dev/null || sleep 1
  done
}

# Run the journal from its last line to its first; a failure is reported and stops nothing.
undo_all() {
  [ -d "$journal" ] || return 0
  journal_claim || :
  # Of the run that made the journal, which may have had another one.
  home=$(cat "$journal/home")
  bad=0
  count=$(wc -l <"$journal/undo")
  while [ "$count" -gt 0 ]; do
    undo_line "$(sed -n "${count}p" "$journal/undo")"
    count=$((count - 1))
  done
  # sshd reads anew only when every file is back.
  ! grep -qx undo_reload "$journal/undo" || undo_line reload_checked
  [ "$bad" = 0 ] || return 1
  rm -rf "$journal"
  rmdir "$state" 2>/dev/null
  return 0
}

undo_line() {
  [ "$1" != undo_reload ] || return 0
  case $1 in
    undo_[a-z]*" '"* | reload_checked) ;;
    *) return 0 ;;
  esac
  if problem=$(eval "$1" 2>&1 </dev/null); then
    say undone "${1%% *}" "${1#* }${problem:+ ($problem)}"
  else
    bad=1
    say undo-failed "${1%% *}" "${1#* }: ${problem:-it failed without a word}"
  fi
}

# ---- what a run calls

apply() {
  if ! journal_open; then
    say failed journal "another run's journal is open in $journal, or it cannot be written"
    emit end failed
    return 0
  fi
  if ! journal_claim || ! steps journal; then
    say failed journal "cannot write $journal"
    undo_all || :
    emit end failed
    return 0
  fi
  sync 2>/dev/null || :
  if steps make; then
    emit end ok
  else
    say failed "$stage" "$why"
    if undo_all; then emit end undone; else emit end undo-failed; fi
  fi
}

undo() {
  if undo_all; then emit end ok; else emit end undo-failed; fi
}

# The run is proven: from here on there is nothing to take back.
commit() {
  if [ ! -d "$journal" ] || [ "$(head -n 1 "$journal/owner")" = "$owner" ]; then
    rm -rf "$journal"
    rmdir "$state" 2>/dev/null || :
    emit end ok
  else
    emit end failed
  fi
}
