# shellcheck shell=sh
# The way back: what the lines of a journal call, last step first. Each is harmless where its step was never made.
# Given: state journal (paths) owner.
# shellcheck disable=SC2034,SC2154 # what is given or used elsewhere stands in the files beside this one

# password_field NAME: as it stands in /etc/shadow, the hash included; for pipes within this machine alone.
password_field() { sed -n "s/^$1:\([^:]*\):.*/\1/p" /etc/shadow; }

# set_password_field NAME FIELD: by a pipe, since a process list shows arguments. The day of the last change is
# the owner's, as far as there is a tool to keep it.
set_password_field() {
  day=$(sed -n "s/^$1:[^:]*:\([0-9]*\):.*/\1/p" /etc/shadow)
  why=$(printf '%s:%s\n' "$1" "$2" | chpasswd -e 2>&1) || fail "chpasswd: $why" || return 1
  ! has chage || chage -d "${day:--1}" "$1" 2>/dev/null || :
}

# mark_password NAME EXPRESSION FIELD: put the * before a hash, or take it away. chpasswd has refused such a field since
# shadow 4.17; then vipw makes the edit, which has no hash in it.
mark_password() {
  set_password_field "$1" "$3" || {
    refused=$why
    has vipw || return 1
    why=$(EDITOR="sed -i $2" VISUAL="sed -i $2" vipw -s -q 2>&1 </dev/null) &&
      [ "$(password_field "$1")" = "$3" ] && return 0
    why="$refused; vipw: $why"
    return 1
  }
}

# A password that this tool sets is a random one: there was none before, or one of the same kind.
undo_password() {
  ! grep -q "^$1:" /etc/passwd || set_password_field "$1" '*' || { printf '%s' "$why" && return 1; }
}

# A password was closed by a * before its hash: so no journal has to keep the hash. A * alone stays.
undo_closed() {
  field=$(password_field "$1")
  case $field in
    '*'?*) mark_password "$1" "s/^$1:[*]/$1:/" "${field#?}" || { printf '%s' "$why" && return 1; } ;;
  esac
}

undo_reopened() { close_password "$1" || { printf '%s' "$why" && return 1; }; }

close_password() {
  field=$(password_field "$1")
  case $field in
    '*'*) ;;
    *) mark_password "$1" "s/^$1:/$1:*/" "*$field" ;;
  esac
}

undo_user() {
  if ! grep -q "^$1:" /etc/passwd; then
    drop_own_group "$1"
    return 0
  fi
  end_sessions "$1"
  if has userdel; then
    userdel "$1" 2>/dev/null || userdel -f "$1"
  else
    deluser "$1"
  fi
}

# drop_own_group USER: what was cut off between /etc/passwd and /etc/group left the group that goes with the account.
drop_own_group() {
  if grep -qsE "^(undo|rest)_group '$1' " "$journal/undo.$1" "$journal/rest.$1" "$state/accounts/$1/undo"; then
    return 0
  fi
  ! grep -q "^$1:[^:]*:[^:]*:\$" /etc/group || undo_new_group "$1" 2>/dev/null || :
}

undo_group() {
  if grep -q "^$1:" /etc/group; then return; fi
  if has groupadd; then groupadd -g "$2" "$1"; else addgroup -g "$2" "$1"; fi
}

undo_new_group() {
  grep -q "^$1:" /etc/group || return 0
  if has groupdel; then groupdel "$1"; else delgroup "$1"; fi
}

# in_group GROUP USER: by /etc/group or /etc/gshadow; half of a change that was cut off is a membership as well.
in_group() {
  for list in /etc/group /etc/gshadow; do
    while IFS=: read -r name _ _ members; do
      [ "$name" = "$1" ] || continue
      case ",$members," in *",$2,"*) return 0 ;; esac
    done 2>/dev/null <"$list"
  done
  return 1
}

# join_group GROUP USER: busybox knows it as addgroup.
join_group() {
  if has usermod; then usermod -a -G "$1" "$2"; elif has adduser; then addgroup "$2" "$1"; else return 1; fi
}

# undo_join GROUP USER
undo_join() {
  in_group "$1" "$2" || return 0
  if has gpasswd; then gpasswd -d "$2" "$1" >/dev/null; else delgroup "$2" "$1"; fi
}

undo_leave() {
  if ! grep -q "^$2:" /etc/passwd || in_group "$1" "$2"; then return 0; fi
  join_group "$1" "$2"
}

# undo_account NAME SHELL COMMENT: an account that was not ours gets its own back.
undo_account() {
  drop_temporaries /etc/passwd
  ! grep -q "^$1:" /etc/passwd || set_account "$1" "$2" "$3" || { printf '%s' "$why" && return 1; }
}

# set_account NAME SHELL COMMENT
set_account() {
  if has usermod; then
    try usermod --shell "$2" --comment "$3" "$1"
    return
  fi
  why="cannot write /etc/passwd"
  temporary=$(mktemp /etc/.receiver-setup.XXXXXX) || return 1
  # awk takes values from its environment as they are.
  if cp -p /etc/passwd "$temporary" && account=$1 shell=$2 comment=$3 awk -F: -v OFS=: \
    '$1 == ENVIRON["account"] { $5 = ENVIRON["comment"]; $7 = ENVIRON["shell"] } { print }' \
    /etc/passwd >"$temporary"; then
    mv -f "$temporary" /etc/passwd && return 0
  fi
  rm -f "$temporary"
  return 1
}

undo_entries() { :; }

undo_remove() { rm -f "$1" && drop_temporaries "$1"; }

undo_restore() { drop_temporaries "$1" && put_file "$2" "$1"; }

# user_units_run UID: are the units there that systemd has for each user with a session?
user_units_run() {
  systemctl show -p ActiveState "user@$1.service" "user-runtime-dir@$1.service" 2>/dev/null |
    grep -q -e '=active' -e '=activating' -e '=deactivating'
}

# Only the upload user's own sessions: their uid is the second number of Uid in /proc. The account's own manager of
# systemd's, which lives on for some seconds, is ended by logind: a kill would leave its unit failed.
end_sessions() {
  uid=$(id -u "$1" 2>/dev/null) || return 0
  [ "$uid" -gt 0 ] || return 0
  if systemd_runs && has loginctl && user_units_run "$uid"; then
    loginctl terminate-user "$1" 2>/dev/null || :
    tries=0
    while [ "$tries" -lt 60 ] && user_units_run "$uid"; do
      tries=$((tries + 1))
      sleep 0.05 2>/dev/null || sleep 1
    done
  fi
  for process in $(processes_of "$uid"); do kill -KILL "$process" 2>/dev/null; done
  tries=0
  while [ "$tries" -lt 20 ] && [ -n "$(processes_of "$uid")" ]; do
    tries=$((tries + 1))
    sleep 0.05 2>/dev/null || sleep 1
  done
}

# take_account USER: the values that belong to it, of the run that made the journal, which may have been another one.
take_account() {
  user=$1
  home=$(cat "$journal/home.$user")
  ledger=$state/accounts/$user
}

# Run the journal from its last line to its first; a failure is reported and stops nothing.
undo_all() {
  in_state open applied confirmed undoing || {
    journal_close
    return
  }
  journal_claim || :
  bad=0
  left=$(wc -l <"$journal/accounts")
  while [ "$left" -gt 0 ]; do
    undo_lines_of "$(sed -n "${left}p" "$journal/accounts")"
    left=$((left - 1))
  done
  # sshd reads anew only when every file is back.
  ! grep -qsx undo_reload "$journal"/undo.* || undo_line reload_checked
  [ "$bad" = 0 ] || return 1
  journal_close
}

undo_lines_of() {
  take_account "$1"
  count=$(wc -l <"$journal/undo.$user")
  while [ "$count" -gt 0 ]; do
    undo_line "$(sed -n "${count}p" "$journal/undo.$user")"
    count=$((count - 1))
  done
}

# withdraw USER: take back what the journal has of one account; it is no account of the journal's any more.
withdraw() {
  grep -qxF -e "$1" "$journal/accounts" || return 0
  bad=0
  undo_lines_of "$1"
  [ "$bad" = 0 ] || return 1
  (umask 077 && sed "/^$1\$/d" "$journal/accounts" >"$journal/accounts.new") &&
    mv "$journal/accounts.new" "$journal/accounts" && rm -f "$journal/undo.$1" "$journal/rest.$1" "$journal/home.$1" "$journal/given.$1".*
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

# await_writer: a script outlives the connection that it came by; never work beside it.
await_writer() {
  tries=0
  while lives "$journal/writer" 1 && [ "$tries" -lt 300 ]; do
    [ "$(cut -d ' ' -f 1 "$journal/writer")" != "$$" ] || return 0
    tries=$((tries + 1))
    nap
  done
}

# undo: end this run's journal, or one whose owner is gone: forward where it was proven, else back.
undo() {
  await_writer
  if [ ! -d "$journal" ] || { ! mine && lives "$journal/owner" 2; }; then
    emit end ok
  elif [ -e "$journal/done" ]; then
    if finish; then emit end ok; else emit end unfinished; fi
  else
    # Whoever moves it on first is the one that works on it: a watch that would begin now does not, and one that
    # has begun ends.
    move_on open undoing || move_on applied undoing || move_on confirmed undoing || end_watch
    if undo_all; then emit end ok; else emit end undo-failed; fi
  fi
}

# What undo.sh in the journal runs: `watch SECONDS`, or by hand without an argument.
rescue() {
  if [ "${1-}" = watch ]; then
    watch "$2"
  else
    undo | sed -n 's/^\([a-z-]*\)|/\1 /p'
    [ ! -d "$journal" ]
  fi
}
