# shellcheck shell=sh
# The journal of one change: the undo of each step is on disk before the step is made.
# Given: state journal (paths) owner (this run's token); for a new one also kind (setup or removal), last (see
# journal_open) and each_account, which calls a function with every account's user and home.
# shellcheck disable=SC2034,SC2154 # what is given or used elsewhere stands in the files beside this one
#
# Its state is an empty file whose name says it. Only a rename changes it, so that of two who would go on
# from there, one does.
#
#   open        steps are being made
#   applied     all are made; a new login has to confirm them
#   confirmed   the administrator does get in; the camera has to prove them
#   undoing     they are being taken back
#   done        proven; what is left is to file the journal: from here on it goes forward only
#
# A journal without a state has come to its end, and is to be deleted.
#
# Beside it: owner (the run's token; its process here as pid and start; who started it), writer (the script at
# work), watcher (what takes it all back when nobody confirms), kind, backup.N (files as they were), undo.sh, accounts
# (a user a line); and for each account home.USER, undo.USER (a line of shell a step, the first step first), rest.USER
# (what cannot be taken back, for the end).

mine() { [ "$(head -n 1 "$journal/owner" 2>/dev/null)" = "$owner" ]; }

in_state() {
  for condition in "$@"; do
    [ ! -e "$journal/$condition" ] || return 0
  done
  return 1
}

# move_on FROM TO: false when it was not in that state, or somebody else was first.
move_on() { mv "$journal/$1" "$journal/$2" 2>/dev/null; }

# Whoever finds the journal must know whether a script is still at work on it, though its asker may be gone.
journal_claim() { (umask 077 && printf '%s %s\n' "$$" "$(started "$$")" >"$journal/writer"); }

journal_age() { printf '%s' "$(($(date +%s) - $(stat -c %Y "$journal/owner" 2>/dev/null || date +%s)))"; }

# note FILE WORD ARGUMENT…: append a line of shell, once; it is run as it stands.
note() {
  file=$1
  line=$2
  shift 2
  for argument in "$@"; do line="$line $(quoted "$argument")"; done
  grep -qxF -e "$line" "$file" || printf '%s\n' "$line" >>"$file"
}

# journal_open: begin one, or go on with this run's own. Sets $refused: busy where another run is at work, stale
# where one has ended since the facts were read ($last was the last one then).
journal_open() {
  refused=failed
  if mine; then
    { move_on confirmed open || move_on applied open || [ -e "$journal/open" ]; } && (cd "$journal" && begin_accounts)
    return
  fi
  fresh=$journal.$owner
  whose=$(printf '%s\n%s\n%s' "$owner" "$(owner_process)" "$(owner_name)")
  # Another run that ends right now may take the folder away below this one.
  tries=0
  until begin_journal || [ "$tries" -ge 9 ]; do
    if [ -d "$journal" ]; then
      refused=busy
      break
    fi
    tries=$((tries + 1))
  done
  if ! mine; then
    rm -rf "$fresh"
    rmdir "$state" 2>/dev/null || :
    return 1
  fi
  if [ "$(cat "$state/last" 2>/dev/null)" != "$last" ]; then
    refused=stale
    journal_close
    return 1
  fi
}

begin_journal() {
  rm -rf "$fresh"
  mkdir -m 0700 "$state"
  (umask 077 && mkdir "$fresh" && cd "$fresh" && printf '%s\n' "$whose" >owner && : >open && : >accounts &&
    printf '%s' "$kind" >kind && begin_accounts) || return 1
  # Without -T a second journal would be moved into the first.
  mv -T "$fresh" "$journal" || { [ ! -d "$journal" ] && mv "$fresh" "$journal"; }
} 2>/dev/null

# An account that is in the journal already stays as it is there. In the journal's own folder, in a subshell.
begin_accounts() {
  umask 077
  each_account begin_account
}

begin_account() {
  if grep -qxF -e "$user" accounts; then return; fi
  printf '%s' "$home" >"home.$user" && : >"undo.$user" && : >"rest.$user" && printf '%s\n' "$user" >>accounts
}

# journal_close: it has come to its end, whichever; nothing of it is left, nor of one that was never begun.
journal_close() {
  end_watch
  # What it led to is on disk first; then its state goes, since half of a journal is none to follow.
  sync 2>/dev/null || :
  rm -f "$journal/open" "$journal/applied" "$journal/confirmed" "$journal/undoing" "$journal/done"
  # The owner goes last: an empty folder may be another run's at once.
  find "$journal" ! -type d ! -name owner -exec rm -f {} + 2>/dev/null
  rm -f "$journal/owner"
  rmdir "$journal" 2>/dev/null || :
  for fresh in "$journal".*; do
    # One that has no owner yet may get it right now.
    if [ ! -s "$fresh/owner" ]; then
      rmdir "$fresh" 2>/dev/null || :
    elif ! lives "$fresh/owner" 2; then
      # Its owner may be making it anew right now, and tries again where it is taken from it.
      rm -rf "$fresh" 2>/dev/null || :
    fi
  done
  rmdir "$state/accounts" "$state" 2>/dev/null || :
  [ ! -d "$journal" ] || { ! mine && [ -e "$journal/owner" ]; }
}

# ---- the watch: a lost login must not need anybody's help

# arm SECONDS: if nobody confirms in time, the change is taken back from here. Nothing is installed for it.
arm() {
  unit=receiver-setup-undo-$owner
  rm -f "$journal/watcher"
  if systemd_runs && has systemd-run &&
    systemd-run --quiet --collect --unit="$unit" sh "$journal/undo.sh" watch "$1" >/dev/null 2>&1 </dev/null; then
    :
  elif has setsid; then
    setsid sh "$journal/undo.sh" watch "$1" >/dev/null 2>&1 </dev/null &
  else
    sh "$journal/undo.sh" watch "$1" >/dev/null 2>&1 </dev/null &
  fi
  tries=0
  while ! lives "$journal/watcher" 1; do
    [ "$tries" -lt 70 ] || fail 'nothing could be started that would undo a lock-out' || return 1
    tries=$((tries + 1))
    nap "$tries"
  done
}

watching() {
  mine && [ "$(cat "$journal/watcher" 2>/dev/null)" = "$watcher" ] && in_state open applied
}

# watch SECONDS: a later watch of the same run takes the place of an earlier one.
watch() {
  watcher="$$ $(started "$$")"
  (umask 077 && printf '%s\n' "$watcher" >"$journal/watcher.new") && mv "$journal/watcher.new" "$journal/watcher"
  left=$1
  while [ "$left" -gt 0 ]; do
    sleep 1
    left=$((left - 1))
    watching || return 0
  done
  # Never beside a script that is still at work.
  while lives "$journal/writer" 1; do
    sleep 1
    watching || return 0
  done
  move_on applied undoing || move_on open undoing || return 0
  undo_all
}

end_watch() {
  lives "$journal/watcher" 1 || return 0
  read -r watcher _ <"$journal/watcher"
  [ "$watcher" != "$$" ] || return 0
  # With the sleep that it may be in, where it leads a group of its own.
  kill -TERM "-$watcher" 2>/dev/null || kill -TERM "$watcher" 2>/dev/null || :
}

# confirm: over a new login. From here on a lock-out is out of the question.
confirm() {
  if mine && move_on applied confirmed; then
    end_watch
    emit end ok
  else
    emit end failed
  fi
}
