# shellcheck shell=sh
# The end of a proven change: what cannot be taken back is done now, and how things were before the first
# change of all is filed, so that a removal, from whichever machine, can bring it back.
# Given: state journal (paths) owner; for the commit last and file_cameras (yes or no), with it filed_cameras, which
# calls a function with every account's user and cameras. $ledger is an account's own folder below $state.
# shellcheck disable=SC2154 # the given values stand in the lines before this file

# same_thing FILE VERB TARGET: does a line of FILE take back the same thing already? The first one is the one
# that knows how it was.
same_thing() {
  case $2 in
    undo_remove | undo_restore) verbs='undo_remove undo_restore' ;;
    undo_directory | undo_mode) verbs='undo_directory undo_mode' ;;
    undo_user | undo_account) verbs='undo_user undo_account' ;;
    *) verbs=$2 ;;
  esac
  for verb in $verbs; do
    if grep -qsF -e "$verb $(quoted "$3")" "$1"; then return 0; fi
  done
  return 1
}

# file_line VERB TARGET ARGUMENT…: add what the ledger does not know yet; a backup goes with its line.
file_line() {
  case $1 in undo_reload | undo_given) return 0 ;; esac
  if same_thing "$journal/ledger.$user" "$1" "$2"; then return 0; fi
  if [ "$1" = undo_restore ]; then
    # By the number of those that the ledger has: so one that was cut off is written anew.
    backup=$ledger/backup.$(grep -c '^undo_restore ' "$journal/ledger.$user")
    cp -Pp "$3" "$backup" || return 1
    set -- "$1" "$2" "$backup"
  fi
  note "$journal/ledger.$user" "$@"
}

# The new ledger is made in the journal: the old one stays whole until that is.
file_undo() (
  umask 077
  [ -d "$ledger" ] || mkdir -p "$ledger" || return 1
  drop_temporaries "$ledger/undo"
  if [ ! -e "$ledger/undo" ] && ! grep -q '^undo_restore ' "$journal/undo.$user"; then
    # Nothing is known yet, and no backup has to be moved.
    sed -e '/^undo_reload$/d' -e '/^undo_given /d' "$journal/undo.$user" >"$journal/ledger.$user" && put_file "$journal/ledger.$user" "$ledger/undo"
    return
  fi
  if [ -e "$ledger/undo" ]; then cp "$ledger/undo" "$journal/ledger.$user"; else : >"$journal/ledger.$user"; fi || return 1
  while IFS= read -r line; do
    eval "file_line $line" || return 1
  done <"$journal/undo.$user"
  put_file "$journal/ledger.$user" "$ledger/undo"
)

# ---- steps that cannot be taken back

# rest_user NAME: uploads that are under way may end first, for a while.
rest_user() {
  uid=$(id -u "$1" 2>/dev/null) || uid=
  tries=0
  while [ -n "$uid" ] && [ "$tries" -lt 20 ] && [ -n "$(open_uploads "$uid" "$home")" ]; do
    tries=$((tries + 1))
    sleep 1
  done
  undo_user "$1"
}

rest_group() { undo_group "$@"; }

rest_new_group() { undo_new_group "$1"; }

rest_ledger() { rm -rf "$ledger"; }

# finish: file a proven journal. It can be begun anew after a power cut. Recordings that cannot be deleted hold up
# nothing else: the account's record stays, so that another removal can try again.
finish() {
  journal_claim || :
  bad=0
  undeleted=
  each_of_journal finish_rest
  [ "$bad" = 0 ] || return 1
  each_of_journal file_account || return 1
  if [ -d "$state/accounts" ]; then
    (umask 077 && head -n 1 "$journal/owner" >"$state/last") || return 1
  fi
  if [ -z "$(ls -A "$state/accounts" 2>/dev/null)" ]; then
    { [ ! -d "$state/accounts" ] || rmdir "$state/accounts"; } && rm -f "$state/last" || return 1
  fi
  journal_close
}

tell_finish() { if finish; then emit end "${undeleted:-ok}"; else emit end unfinished; fi; }

# each_of_journal FUNCTION: with the values of every account in the journal, the first one first.
each_of_journal() {
  line_number=1
  while next=$(sed -n "${line_number}p" "$journal/accounts") && [ -n "$next" ]; do
    take_account "$next"
    "$1" || return 1
    line_number=$((line_number + 1))
  done
}

finish_rest() {
  left=
  while IFS= read -r line; do
    case $line in
      "rest_ledger '"*) [ -z "$left" ] || continue ;;
      rest_[a-z]*" '"*) ;;
      *) continue ;;
    esac
    if problem=$(eval "$line" 2>&1 </dev/null); then
      say 'done' "${line%% *}" "${line#* }${problem:+ ($problem)}"
    elif [ "${line%% *}" = rest_delete ]; then
      left=yes
      undeleted=undeleted
      say left "${line%% *}" "${line#* }: ${problem:-it failed without a word}"
    else
      bad=1
      say failed "${line%% *}" "${line#* }: ${problem:-it failed without a word}"
    fi
  done <"$journal/rest.$user"
}

file_account() {
  if [ "$(cat "$journal/kind")" = setup ]; then file_undo || return 1; fi
  if [ -e "$journal/cameras.$user" ]; then
    drop_temporaries "$ledger/cameras"
    (umask 077 && mkdir -p "$ledger") && put_file "$journal/cameras.$user" "$ledger/cameras" || return 1
  fi
}

keep_cameras() { (umask 077 && printf '%s' "$cameras" >"$journal/cameras.$user"); }

# commit: the run is proven. With $file_cameras=yes, $cameras is what the cameras of an account were set to before, a
# line each. It may come once more, where the answer to the first was lost.
commit() {
  await_writer
  if [ -e "$journal/done" ] && mine; then
    tell_finish
  elif [ ! -d "$journal" ] && [ "$last" != "$owner" ] && [ "$(cat "$state/last" 2>/dev/null)" = "$owner" ]; then
    emit end ok
  elif [ "$file_cameras" = yes ] && [ ! -d "$journal" ] && ! journal_open; then
    emit end "$refused"
  elif [ ! -d "$journal" ]; then
    emit end ok
  elif ! mine || ! journal_claim; then
    emit end failed
  elif [ "$file_cameras" = yes ] && ! filed_cameras keep_cameras; then
    emit end failed
  else
    sync 2>/dev/null || :
    move_on confirmed 'done' || move_on applied 'done' || move_on open 'done' || :
    if [ -e "$journal/done" ]; then tell_finish; else emit end failed; fi
  fi
}
