# shellcheck shell=sh
# Change the receiver as one transaction: every undo is on disk before the first change is made.
# Given: state journal owner kind last confirm_s, $library (this run's way back as text), each_account, which calls a
# function with every account's user and home, and a function `steps` that names each step ($stage) twice over:
# "$1_user …" is journal_user on the way in, and make_user when it is done. "$1_for USER HOME" says whose the steps
# that follow are.
# shellcheck disable=SC2154 # the given values stand in the lines before this file

# ---- the way in: write down how each step is taken back

# remember UNDO ARGUMENT…: append one line of shell to the journal; it is run as it stands.
remember() {
  # First backup wins: a later step on the same thing must not replace what was there at first.
  if [ "$#" -gt 1 ] && same_thing "$journal/undo.$user" "$1" "$2"; then return 0; fi
  note "$journal/undo.$user" "$@"
}

journal_for() {
  user=$1
  # shellcheck disable=SC2034 # undo.sh goes by it
  home=$2
}
make_for() { journal_for "$@"; }

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

# journal_account NAME …: its shell and comment as they are, and what is in its home, for a removal to tell what is new.
journal_account() {
  former=$(sed -n "s/^$1:[^:]*:[^:]*:[^:]*:\([^:]*\):[^:]*:\(.*\)/\2:\1/p" /etc/passwd)
  [ -z "$former" ] || remember undo_account "$1" "${former%%:*}" "${former#*:}" || return 1
  set --
  for entry in "$home"/* "$home"/.[!.]* "$home"/..?*; do
    case $entry in *"$newline"*) continue ;; esac
    if [ -e "$entry" ] || [ -L "$entry" ]; then set -- "$@" "${entry##*/}"; fi
  done
  remember undo_entries "$home" "$@"
}

journal_password() {
  case $(password_field "$1") in '*'* | '!'* | '') remember undo_password "$1" ;; esac
}
journal_closed() {
  case $(password_field "$1") in '*'*) ;; *) remember undo_closed "$1" ;; esac
}
journal_reopened() { remember undo_reopened "$1"; }

journal_directory() {
  if former=$(enter "$1" && stat -c '%u:%g %a' .); then
    remember undo_mode "$1" "${former% *}" "${former#* }"
  elif ! any_there "$1"; then
    remember undo_directory "$1"
  fi # else it is none, and is refused when it is to be made
}

# journal_owned PATH OWNER MODE: of a file that is there.
journal_owned() {
  former=$(stat -c '%u:%g %a' "$1" 2>/dev/null) || return 0
  remember undo_owner "$1" "${former% *}" "${former#* }"
}

# journal_given PATH USER UID:GID…: whose everything there is, by lists of names, which go with the journal.
journal_given() {
  path=$1
  shift 2
  (enter "$path" && in_each_folder note_owners "$journal/given.$user" "$@") || return 1
  remember undo_given "$path" "$@"
}

# journal_directories OWNER MODE PATH…: many at once, of which none is there, need no look at what was noted before.
journal_directories() {
  shift 2
  if any_there "$@" || grep -qs '^undo_\(directory\|mode\) ' "$journal/undo.$user"; then
    for path in "$@"; do journal_directory "$path" || return 1; done
    return 0
  fi
  for path in "$@"; do
    printf 'undo_directory '
    quoted "$path"
    printf '\n'
  done >>"$journal/undo.$user"
}

any_there() {
  for path in "$@"; do
    if [ -e "$path" ] || [ -L "$path" ]; then return 0; fi
  done
  return 1
}

journal_file() {
  if same_thing "$journal/undo.$user" undo_restore "$1"; then return 0; fi
  if [ -e "$1" ] || [ -L "$1" ]; then
    backup=$journal/backup.$(find "$journal" -name 'backup.*' | wc -l | tr -d ' ')
    cp -Pp "$1" "$backup" || return 1
    remember undo_restore "$1" "$backup"
  else
    remember undo_remove "$1"
  fi
}
journal_gone() { journal_file "$1"; }

# Until sshd is told to, it has read nothing of this.
journal_sshd() { remember undo_reload && { [ -e "$journal/read" ] || : >"$journal/unread"; }; }

# A directory that this same transaction made: its undo is in the journal already.
journal_retract() { :; }

# journal_join GROUP USER: nothing is to be taken back of a membership that is there already.
journal_join() { in_group "$1" "$2" || remember undo_join "$1" "$2"; }

# journal_leave GROUP USER: as soon as it may have begun, the membership has to come back.
journal_leave() { ! in_group "$1" "$2" || remember undo_leave "$1" "$2"; }

# journal_rest STEP ARGUMENT…: it waits for the proof; see ledger.sh.
journal_rest() {
  rest=rest_$1
  shift
  note "$journal/rest.$user" "$rest" "$@"
}

# An account that goes again, because its cameras failed: all that this transaction did for it is taken back.
journal_withdraw() { :; }

# ---- the steps

# make_user NAME HOME SHELL COMMENT [UID]: the number that its files have had before, where there are any.
make_user() {
  if has useradd; then
    group=--user-group
    ! grep -q "^$1:" /etc/group || group=--gid=$1
    try useradd --system ${5:+"--uid=$5"} "$group" --no-create-home --home-dir "$2" --shell "$3" --comment "$4" \
      --password '*' "$1" || return 1
  elif has adduser; then # busybox: without -G the user would be in nogroup, together with others
    grep -q "^$1:" /etc/group || try addgroup -S "$1" || return 1
    try adduser -S -D -H ${5:+-u "$5"} -h "$2" -s "$3" -g "$4" -G "$1" "$1" || return 1
  else
    fail 'neither useradd nor adduser is installed' || return 1
  fi
  say changed "$stage" "$1, home $2, shell $3"
}

# make_account NAME SHELL COMMENT: of an account that is there.
make_account() {
  set_account "$@" || return 1
  say changed "$stage" "$1, shell $2"
}

# Busybox may hash by DES unless told otherwise, and DES looks at no more than eight characters.
set_password() {
  if chpasswd --help 2>&1 </dev/null | grep -q BusyBox; then chpasswd -c sha512; else chpasswd; fi
}

# make_password NAME: $password comes in this script, on standard input, and goes into a pipe: no process list shows it.
make_password() {
  why=$(printf '%s:%s\n' "$1" "$password" | set_password 2>&1) || return 1
  say changed "$stage" "a random one, for $1 alone"
}

make_closed() {
  close_password "$1" || return 1
  say changed "$stage" "no password opens $1"
}

make_reopened() {
  undo_closed "$1" >/dev/null || return 1
  say changed "$stage" "the former password opens $1 again"
}

# make_directory PATH OWNER MODE: the parents are there already, or are steps of their own.
make_directory() {
  try make_folder "$1" || return 1
  try own_folder "$1" "$2" "$3" || return 1
  say changed "$stage" "$1, owner $2, mode $3"
}

# make_owned PATH OWNER MODE: a file that is there.
make_owned() {
  try own_file "$1" "$2" "$3" || return 1
  say changed "$stage" "$1, owner $2, mode $3"
}

give_folder() (
  enter "$1" || return 1
  shift
  in_each_folder give_to "$@"
)

# make_given PATH USER UID:GID…: what is there and theirs becomes the user's; the folder itself is another step.
make_given() {
  try give_folder "$@" || return 1
  say changed "$stage" "$1, to $2"
}

# make_directories OWNER MODE PATH…: all in one folder.
make_directories() {
  owner=$1
  mode=$2
  shift 2
  if any_there "$@"; then
    for path in "$@"; do make_directory "$path" "$owner" "$mode" || return 1; done
    return 0
  fi
  try new_folders "$owner" "$mode" "$@" || return 1
  say changed "$stage" "$# in ${1%/*}, owner $owner, mode $mode"
}

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

make_gone() {
  try rm -f "$1" || return 1
  say changed "$stage" "$1"
}

make_withdraw() {
  withdraw "$1" || fail "not all of $1 could be taken back" || return 1
  say changed "$stage" "$1"
}

# make_sshd WORD…: serves=ADDRESS PORT, what the camera dials; then user=NAME,…, the whole of a connection as
# `sshd -C` takes it, and the lines that `sshd -T` must print for that.
make_sshd() {
  served_address='' served_port=''
  # shellcheck disable=SC1091 # note_served has written it
  [ ! -r "$journal/served" ] || . "$journal/served"
  for expected in "$@"; do
    case $expected in
      serves=*)
        served_address=${expected#serves=}
        served_port=${served_address##* }
        served_address=${served_address% *}
        ;;
    esac
  done
  prepare_run_directory
  find_sshd "$served_address" "$served_port" no
  [ -n "$ask_exe" ] || fail 'sshd is not installed' || return 1
  [ -z "$ask_unknown" ] || fail "with which options sshd was started cannot be told: $ask_unknown" || return 1
  why=$(ask -t 2>&1 </dev/null) || {
    why="sshd -t refuses the configuration: $why"
    return 1
  }
  agreed='sshd -t'
  for expected in "$@"; do
    [ "${expected#serves=}" = "$expected" ] || continue
    if [ "${expected#user=}" != "$expected" ]; then
      who=${expected#user=}
      who=${who%%,*}
      agreed="sshd -t and sshd -T -C user=$who"
      effective=$(answer_of ask -T -C "$expected") || {
        why="sshd -T refuses the configuration: $effective"
        return 1
      }
      effective=$(printf '%s\n' "$effective" | lower_keywords)
      continue
    fi
    case "$newline$effective$newline" in
      *"$newline$expected$newline"*) ;;
      *)
        keyword=${expected%% *}
        seen=$(printf '%s\n' "$effective" | grep "^$keyword ")
        why="sshd would use \"${seen:-no $keyword}\" for $who, not \"$expected\""
        return 1
        ;;
    esac
  done
  arm "$confirm_s" || return 1
  note_served && : >"$journal/read" && rm -f "$journal/unread" || fail "cannot write in $journal" || return 1
  reload_sshd || return 1
  say changed "$stage" "$how, after $agreed agreed"
}

# make_join GROUP USER
make_join() {
  in_group "$1" "$2" || try join_group "$1" "$2" || return 1
  say changed "$stage" "$2 is in $1"
}

make_leave() {
  try undo_join "$1" "$2" || return 1
  say changed "$stage" "$2 is not in $1"
}

make_rest() { :; }

# ---- what a run calls

apply() {
  if ! journal_open; then
    case $refused in
      busy) say failed journal "$(sed -n 3p "$journal/owner")|$(journal_age)" ;;
      *) say failed journal "cannot write in $state" ;;
    esac
    emit end "$refused"
    return 0
  fi
  if ! journal_claim || ! steps journal || ! write_rescue; then
    say failed journal "cannot write in $journal"
    if undo_all; then emit end undone; else emit end undo-failed; fi
    return 0
  fi
  sync 2>/dev/null || :
  if steps make && { move_on open applied || fail 'it was taken back meanwhile, since nobody confirmed it'; }; then
    emit end ok
  else
    say failed "$stage" "$why"
    if undo_all; then emit end undone; else emit end undo-failed; fi
  fi
}

# The way back by itself, and for a person at the console: sudo sh …/undo.sh
write_rescue() {
  (
    umask 077
    {
      printf '#!/bin/sh\n# Takes back what receiver-setup was changing here when it was cut off. As root: sh THIS-FILE\n'
      for name in state journal owner; do eval "printf '%s=%s\n' $name \"\$(quoted \"\$$name\")\""; done
      # shellcheck disable=SC2016 # for the script that is written
      printf '%s\nrescue "$@"\n' "$library"
    } >"$journal/undo.sh"
  )
}
