# shellcheck shell=sh
# Read all that a plan needs, in one trip, and change nothing.
# Given: journal state (paths), routes (addresses) and names (lists, one a line), minutes; marks and keeps (paths and
# patterns of paths, one a line: see platforms.py); and each_account, which calls a function with every account's user
# home key_file drop_in drop_in_text (paths and a text), recordings, directories, folders and joins (lists, one a line).
# What it reads of sshd, of the disks and of groups to join is in sshd_facts.sh, disks.sh and groups.sh.
# shellcheck disable=SC2154 # the given values stand in the lines before this file

# What every step and its way back is made with, and this script as well.
facts_missing() {
  missing=
  for tool in awk cat chmod chown chpasswd cp cut date find grep head id ln ls mkdir mktemp mv od readlink rm rmdir sed sort \
    stat tail tr wc xargs; do
    has "$tool" || missing="$missing $tool"
  done
  emit missing_tools "$missing"
}

emit_user() { emit upload_user "$user"; }

facts_system() {
  emit now "$(clock)"
  hostname=
  { read -r hostname </proc/sys/kernel/hostname; } 2>/dev/null || :
  emit hostname "$hostname"
  [ ! -r /etc/os-release ] || emit_file os_release /etc/os-release
  emit connection "${RECEIVER_SETUP_CONNECTION-}"
  tools=
  for tool in useradd userdel usermod gpasswd adduser deluser chpasswd ip journalctl restorecon sudo doas ufw \
    firewall-cmd raspi-config; do
    ! has "$tool" || tools="$tools $tool"
  done
  emit tools "$tools"
  for shell in /usr/sbin/nologin /sbin/nologin /usr/bin/nologin /bin/false; do
    if [ -x "$shell" ]; then
      emit nologin "$shell"
      break
    fi
  done
  selinux=absent
  if read -r enforcing 2>/dev/null </sys/fs/selinux/enforce; then
    [ "$enforcing" = 1 ] && selinux=enforcing || selinux=permissive
  fi
  emit selinux "$selinux"
  emit mounts "$(cat /proc/mounts 2>/dev/null)"
  kernel_options=
  { IFS= read -r kernel_options </proc/cmdline; } 2>/dev/null || :
  emit kernel_options "$kernel_options"
  facts_uppers
}

# What overlays write to, as far as it can be seen from here: a container's lies outside of it.
facts_uppers() {
  while read -r _ _ kind options _; do
    [ "$kind" = overlay ] || continue
    upper=${options#*,upperdir=}
    [ "$upper" != "$options" ] || continue
    upper=${upper%%,*}
    [ ! -d "$upper" ] || emit upper "$upper"
  done 2>/dev/null </proc/mounts
}

# What tells a system that writes sshd's configuration or the accounts itself: see platforms.py.
facts_platform() {
  main=${ask_main:-/etc/ssh/sshd_config}
  [ ! -L "$main" ] || emit main_link "$(readlink -f "$main" 2>/dev/null)"
  while IFS= read -r path; do
    if [ -e "$path" ] || [ -L "$path" ]; then emit mark "$path"; fi
  done <<LIST
$marks
LIST
  for path in "$main" /etc/ssh/sshd_config.d/*.conf; do facts_header "$path"; done
  for path in sshd common-account password-auth system-auth; do facts_header "/etc/pam.d/$path"; done
  set --
  old_separator=$IFS
  IFS=$newline
  # shellcheck disable=SC2086 # patterns, one a line
  for path in $keeps; do [ ! -f "$path" ] || set -- "$@" "$path"; done
  IFS=$old_separator
  [ $# != 0 ] || return 0
  grep -lisE 'include[^#]*sshd_config[.]d' "$@" </dev/null | while IFS= read -r path; do emit kept_include "$path"; done
}

# facts_header FILE: the comments at its top, if there are any.
facts_header() {
  head=
  while IFS= read -r line; do
    case $line in
      '#'*) head=$head$newline$line ;;
      *[![:space:]]*) break ;;
    esac
    [ "${#head}" -lt 1000 ] || break
  done 2>/dev/null <"$1"
  [ -z "$head" ] || emit header "$1$head"
}

# The password field is told as a word; the hash itself never leaves the receiver. Sets $uid, empty without an account.
facts_account() {
  account=$(getent passwd "$user" 2>/dev/null || grep -s "^$user:" /etc/passwd)
  group=$(getent group "$user" 2>/dev/null || grep -s "^$user:" /etc/group)
  emit passwd "$account"
  emit group "$group"
  IFS=: read -r _ _ uid _ <<ACCOUNT
$account
ACCOUNT
  word=unknown
  while IFS=: read -r name field _; do
    [ "$name" = "$user" ] || continue
    case $field in
      '*'*) word=none ;;
      '!'*) word=locked ;;
      '') word=empty ;;
      *) word='set' ;;
    esac
  done 2>/dev/null </etc/shadow
  emit password "$word"
  facts_neighbours
  [ -z "$account" ] || emit groups "$(id -Gn "$user" 2>/dev/null)"
}

# Who else has the account's number, or the group of its name as the first of their own.
facts_neighbours() {
  IFS=: read -r _ _ gid _ <<GROUP
$group
GROUP
  while IFS=: read -r name _ number first _; do
    if [ -z "$number" ] || [ "$name" = "$user" ]; then continue; fi
    [ "$number" != "$uid" ] || emit same_uid "$name"
    [ "$first" != "$gid" ] || emit group_user "$name"
  done </etc/passwd
}

# What sshd and root go through with links followed: the jail and all above it, and sshd's own folders. sshd looks at
# each part of a jail as it is written, and at each part of a key file's real path.
facts_followed() {
  set -- "${key_file%/*}" "${drop_in%/*}" /etc/ssh /etc /
  path=$home
  while [ -n "$path" ]; do
    set -- "$@" "$path"
    path=${path%/*}
  done
  near=$home
  while [ ! -d "$near" ]; do
    near=${near%/*}
    near=${near:-/}
  done
  # Where a link of root's leads to, the folders above are another's perhaps.
  real=$(cd "$near" 2>/dev/null && here) || real=
  if [ "$real" != "$near" ]; then
    while [ -n "$real" ]; do
      set -- "$@" "$real"
      real=${real%/*}
    done
  fi
  real=$(cd "${key_file%/*}" 2>/dev/null && pwd -P) || real=
  if [ -n "$real" ] && [ "$real" != "${key_file%/*}" ]; then
    emit real_path "${key_file%/*}$newline$real"
    while [ -n "$real" ]; do
      set -- "$@" "$real"
      real=${real%/*}
    done
  fi
  for path in "$@"; do
    shift
    # A link to nothing is told as the link that it is.
    if [ -e "$path" ]; then set -- "$@" "$path"; else dangling="$dangling$newline$path"; fi
  done
  stat -L -c '%F|%a|%u|%g|%U|%G|%n' "$@" 2>/dev/null | while IFS= read -r line; do emit stat "$line"; done
}

# The state of every path that matters, by two calls of stat: a Pi starts few processes a second.
facts_paths() {
  dangling=
  facts_followed
  set -- "$key_file" "$drop_in" "$state"
  while IFS= read -r path; do
    while [ "${path#"$home"/}" != "$path" ]; do
      set -- "$@" "$path"
      path=${path%/*}
    done
  done <<LIST
$directories
LIST
  while IFS= read -r path; do [ -z "$path" ] || set -- "$@" "$path"; done <<LIST
$folders$dangling
$(made_folders)
$([ "$look" != removal ] || account_folders)
LIST
  stat -c '%F|%a|%u|%g|%U|%G|%n' "$@" 2>/dev/null | while IFS= read -r line; do emit stat "$line"; done
  [ ! -f "$key_file" ] || emit keys_written "$(stat -c %Y "$key_file" 2>/dev/null)"
  for path in "$key_file" "$drop_in"; do
    if [ -f "$path" ] && [ ! -L "$path" ]; then
      emit file_path "$path"
      emit_file file_bytes "$path"
    fi
  done
}

# The addresses of cameras whose names this machine is to resolve stand beside the others from then on.
facts_names() {
  resolved=
  while IFS= read -r name; do
    [ -n "$name" ] || continue
    read -r address _ <<ANSWER
$(getent ahosts "$name" 2>/dev/null </dev/null)
ANSWER
    [ -n "$address" ] || continue
    emit address "$name $address"
    resolved=$resolved$newline$name\ $address
    routes=${routes:+$routes$newline}$address
  done <<LIST
$names
LIST
}

facts_routes() {
  first_source=
  sources=
  while IFS= read -r target; do
    [ -n "$target" ] || continue
    source=
    ! has ip || source=$(ip -o route get "$target" 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/\1/p')
    emit route "$target $source"
    first_source=${first_source:-$source}
    sources=$sources$newline$target\ $source
  done <<LIST
$routes
LIST
}

facts_logs() {
  emit process "$$"
  { system_logs && own_logs; } | while IFS= read -r path; do
    emit log "$path $(wc -c <"$path" 2>/dev/null)"
  done
}

# What a test upload is held against.
facts_before() {
  [ "$look" = setup ] || return 0
  each_account recent_files | while IFS='|' read -r changed inode size when file; do
    emit before "$changed|$inode|$size|$when||$file"
  done
}

# What is each account's own stands between its name and the next one's, or the empty one.
facts_of_account() {
  emit_user
  facts_account
  facts_ledger
  facts_groups
  facts_adoption
  facts_home
  facts_orphans
  facts_removal
  facts_status
  facts_disks
  facts_paths
  facts_effective
}

facts() {
  facts_missing
  if [ -n "$missing" ]; then
    emit now 0
    each_account emit_user
    emit end ok
    return
  fi
  # Here, so that it is done once for all that list files below.
  prints
  facts_names
  facts_journal
  facts_history
  facts_system
  facts_routes
  facts_server
  facts_platform
  each_account facts_of_account
  emit upload_user ''
  facts_host_keys
  facts_staged_end
  facts_logs
  facts_before
  emit end ok
}
