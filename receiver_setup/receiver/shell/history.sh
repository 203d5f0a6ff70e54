# shellcheck shell=sh
# What earlier runs left: an open journal, and how things were before the first change. Changes nothing.
# Given: user uid home recordings state key_folder accounts (those that are asked about) journal; patience (seconds to
# wait for another run), adopt (yes or no), look (setup, removal or status), directories.
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
  [ "$adopt" = yes ] && [ -n "$uid" ] || return 0
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

# facts_home: of an account that somebody made by hand: what is in its home beside the recordings, what of that the
# account can write to, and what leads from there to other places.
facts_home() {
  [ -d "$home" ] && [ -n "$uid" ] || return 0
  if [ "$adopt" = no ] || [ "$look" != setup ]; then
    grep -qs '^undo_account ' "$state/accounts/$user/undo" || return 0
  fi
  own=${recordings#"$home"/}
  own=${own%%/*}
  set -- -user "$uid" -o -perm -0002
  for number in $(id -G "$user" 2>/dev/null); do set -- "$@" -o -group "$number" -perm -0020; done
  for entry in "$home"/* "$home"/.[!.]* "$home"/..?*; do
    name=${entry##*/}
    [ "$name" != "$own" ] || continue
    if [ ! -e "$entry" ] && [ ! -L "$entry" ]; then continue; fi
    emit home_entry "$name"
    if [ "$look" != setup ]; then
      emit stat "$(stat -c '%F|%a|%u|%g|%U|%G|%n' "$entry")"
      continue
    fi
    if [ -L "$entry" ]; then
      facts_link "$entry"
      continue
    fi
    # What others may not go into is closed, whatever is in it.
    case $(stat -c '%u %a %F' "$entry") in '0 '*'00 directory') continue ;; esac
    [ -n "$(first_of "$entry" -xdev ! -type l \( "$@" \))" ] || continue
    emit open_entry "$(stat -c '%F|%a|%u|%g|%U|%G|%n' "$entry")"
    find "$entry" -xdev -type f -links +1 \( "$@" \) 2>/dev/null | head -n 3 |
      while IFS= read -r path; do emit linked "$path"; done
    case $name in *"$newline"*) emit linked "$entry" ;; esac
    find "$entry" -xdev -type l 2>/dev/null | head -n 1000 | while IFS= read -r path; do facts_link "$path"; done
  done
}

# facts_link PATH: a link that leads to where the camera can make files is another name for them.
facts_link() {
  target=$(readlink -f "$1" 2>/dev/null) || target=$(readlink "$1")
  case $target/ in "$recordings"/* | "$own"/* | */"$own"/*) emit linked "$1" ;; esac
}

# What is below the recordings and belongs to a number that is nobody's: how many, whose, and the first of them.
facts_orphans() {
  [ "$look" = setup ] && [ -d "$recordings" ] || return 0
  set -- "$recordings" -xdev -mindepth 1 \( -type d -o -type f -links 1 \)
  if [ -n "$uid" ]; then set -- "$@" ! -user "$uid"; fi
  uids=$(cut -d: -f3 /etc/passwd)
  while :; do
    found=$(list_files '%U:%G|%p' '%u:%g|%n' "$@" | uids=$uids places=$directories awk -F'|' '
      BEGIN {
        count = split(ENVIRON["places"], each, "\n")
        for (number = 1; number <= count; number++) is_camera[each[number]] = 1
        count = split(ENVIRON["uids"], each, "\n")
        for (number = 1; number <= count; number++) is_known[each[number]] = 1
      }
      {
        uid = $1
        sub(/:.*/, "", uid)
        path = substr($0, length($1) + 2)
        if (uid in is_known || path in is_camera) next
        if (!seen[$1]++) pairs = pairs " " $1
        if (++total <= 3) paths = paths "\n" path
      }
      END { if (total) printf "%d%s%s", total, pairs, paths }')
    # Not every account stands in /etc/passwd.
    more=
    for pair in $(printf '%s\n' "$found" | sed -n '1s/^[0-9]* //p'); do
      ! getent passwd "${pair%:*}" >/dev/null 2>&1 || more=$more$newline${pair%:*}
    done
    [ -n "$more" ] || break
    uids=$uids$more
  done
  [ -z "$found" ] || emit orphans "$found"
}

# What a removal has to tell of before it begins.
facts_removal() {
  [ "$look" = removal ] || return 0
  sed -n "s/^undo_\(directory\|mode\|owner\) '\([^']*\)'.*/\2/p" "$state/accounts/$user/undo" 2>/dev/null |
    while IFS= read -r path; do emit stat "$(stat -c '%F|%a|%u|%g|%U|%G|%n' "$path" 2>/dev/null)"; done
  if [ -n "$uid" ]; then
    open_uploads "$uid" "$home" | sort -u | head -n 100 | while IFS= read -r file; do emit upload "$file"; done
  fi
  own_folders=$(account_folders)
  while IFS= read -r folder; do facts_deletion "$folder"; done <<LIST
$own_folders
LIST
}

# made_folders: those that set-ups have made for the account.
made_folders() { sed -n "s/^undo_directory '\([^']*\)'.*/\1/p" "$state/accounts/$user/undo" 2>/dev/null; }

# account_folders: the recordings directory, those that are asked about, and every folder below it that is or was some
# camera's; another camera's folder is no part of the one that it lies in.
account_folders() {
  {
    printf '%s\n' "$recordings" "$directories"
    {
      sed -n "s/^undo_\(directory\|mode\) '\([^']*\)'.*/\2/p" "$state/accounts/$user/undo"
      sed -n 's/.*"directory":"\([^"\\]*\)".*/\1/p' "$state/accounts/$user/cameras"
    } 2>/dev/null | while IFS= read -r folder; do
      case $folder in "$recordings"/*) printf '%s\n' "$folder" ;; esac
    done
  } | sort -u
}

# pattern TEXT: as find's -path takes it.
pattern() { printf '%s' "$1" | sed 's/[][*?\\]/\\&/g'; }

# facts_deletion FOLDER: how many files and bytes a deletion would take, and what is mounted below it, which it would
# not; without those of $own_folders that lie in it.
facts_deletion() {
  real=$(enter "$1" >/dev/null && here) || return 0
  folder=$1
  set --
  while IFS= read -r other; do
    case $other in "$folder"/*) set -- "$@" -path "$(pattern "$real${other#"$folder"}")" -prune -o ;; esac
  done <<LIST
$own_folders
LIST
  while IFS= read -r point; do
    case $point in
      "$real") emit mounted_at "$folder" ;;
      "$real"/*)
        emit mounted "$folder$newline$point"
        set -- "$@" -path "$(pattern "$point")" -prune -o
        ;;
    esac
  done <<LIST
$(mount_points)
LIST
  counted=$(count_files "$real" -xdev "$@" ! -type d)
  emit deletion "${counted%|*}|$folder"
  case $folder/ in "$recordings"/*) emit recordings "${counted##*|}" ;; esac
}

# The newest upload in each of the directories.
facts_status() {
  [ "$look" = status ] || return 0
  own_folders=$(account_folders)
  while IFS= read -r folder; do
    [ -d "$folder" ] || continue
    set -- "$folder"
    while IFS= read -r other; do
      case $other in "$folder"/*) set -- "$@" -path "$(pattern "$other")" -prune -o ;; esac
    done <<OTHERS
$own_folders
OTHERS
    newest=$(list_files '%T@|%s|%p' '%Y|%s|%n' "$@" -type f ! -name 'Test-Snapshot*' |
      awk -F'|' '$1 + 0 > most + 0 || line == "" { most = $1; line = $0 } END { if (line != "") print line }')
    [ -z "$newest" ] || emit newest "$folder|$(printf '%s' "${newest%%|*}" | sed 's/[.].*//')|${newest#*|}"
  done <<LIST
$directories
LIST
}
