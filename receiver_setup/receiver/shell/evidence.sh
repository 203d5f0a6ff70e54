# shellcheck shell=sh
# What the receiver saw of a test upload: files that arrived, lines that sshd wrote. Changes nothing.
# Given: minutes (to look back), log_since (seconds of the epoch), log_offsets ("PATH SIZE" a line), log_lines (how
# many at the most), log_process (one that began when the facts were read), wait_for (texts, one a line), wait_count
# (lines that have one of them), causes (yes: also what tells why an upload failed); and each_account, which calls a
# function with every account's user and recordings.
# shellcheck disable=SC2154 # the given values stand in the lines before this file

# What sshd logs comes by three ways. Its own file (sshd -E) and the journal, by the fields that the journal itself adds,
# are sshd's word. In a file of the system's logger every local user can write what looks like sshd's (logger -t sshd):
# such files are read only where there is no journal, and the line's process has to be one that sshd can have been.

# own_logs: the regular files that the listening sshd, which find_sshd has found, holds open; nobody but root writes to
# them.
own_logs() {
  [ -n "$ask_pid" ] || return 0
  shared=$newline$(system_logs)$newline
  # shellcheck disable=SC2012 # a link's name is what is wanted
  ls -l "/proc/$ask_pid/fd" 2>/dev/null | sed -n 's|.* -> \(/.*\)$|\1|p' | while IFS= read -r path; do
    case $shared in *"$newline$path$newline"*) continue ;; esac
    [ ! -f "$path" ] || printf '%s\n' "$path"
    shared=$shared$path$newline
  done
}

system_logs() {
  for path in /var/log/auth.log /var/log/secure /var/log/messages /var/log/syslog; do
    [ ! -r "$path" ] || printf '%s\n' "$path"
  done
}

# journal_runs: is there one that keeps what it is told?
journal_runs() {
  systemd_runs && has journalctl || return 1
  for path in /run/log/journal/*/*.journal /var/log/journal/*/*.journal; do [ ! -f "$path" ] || return 0; done
  return 1
}

# log_sources: each of the ways that there are, a line each.
log_sources() {
  if journal_runs; then printf 'journal\n'; else system_logs; fi
  own_logs
}

# prints: does find print what it knows of a file by itself, as GNU's does? Then no path is too long for it.
prints() {
  if [ -z "${find_prints-}" ]; then
    find_prints=no
    [ "$(find / -maxdepth 0 -printf x 2>/dev/null)" != x ] || find_prints=yes
  fi
  [ "$find_prints" = yes ]
}

# list_files GNU'S-FORMAT STAT'S-FORMAT FOLDER TEST…: a line a file, whatever its name has in it: a line end in a name
# is \001 there. Without GNU's find files with such names are left out; no camera makes any.
list_files() {
  printed=$1
  stated=$2
  shift 2
  if prints; then
    find "$@" -printf "$printed\\0" 2>/dev/null | tr '\012\000' '\001\012'
  else
    find "$@" ! -path "*$newline*" -exec stat -c "$stated" {} + 2>/dev/null
  fi
}

# count_files FOLDER TEST…: "FILES|BYTES|RECORDINGS", the last without test pictures, links and whatever else there is.
count_files() {
  if prints; then
    find "$@" \( -type f ! -name 'Test-Snapshot*' -printf 'r %s\n' -o -printf 't %s\n' \) 2>/dev/null
  else
    find "$@" \( -type f ! -name 'Test-Snapshot*' -exec stat -c 'r %s' {} + -o -exec stat -c 't %s' {} + \) 2>/dev/null
  fi | awk '$1 == "r" { recordings++ } { bytes += $2 } END { printf "%d|%.0f|%d", NR, bytes, recordings }'
}

# A client may set a file's modification time, never its change time: go by the latter.
# recent_files [SINCE]: "CHANGED|INODE|SIZE|WHEN|PATH" of what has changed in the last minutes (or since, in seconds of
# the epoch), the newest first; not more than the newest 100 of each camera's folder.
recent_files() {
  [ -d "$recordings" ] || return 0
  set -- "${1-0}" -type f
  ! find / -maxdepth 0 -cmin -1 >/dev/null 2>&1 || set -- "$@" -cmin "-$minutes"
  since=$1
  shift
  list_files '%C@|%i|%s|%C@|%p' '%Z|%i|%s|%z|%n' "$recordings" "$@" |
    sort -rn 2>/dev/null | since=$since folders=$directories most=100 awk -F'|' '
      BEGIN {
        count = split(ENVIRON["folders"], each, "\n")
        for (number = 1; number <= count; number++) camera_of[each[number]] = each[number]
        since = ENVIRON["since"] + 0
        most = ENVIRON["most"] + 0
      }
      {
        if ($1 + 0 < since) exit
        path = substr($0, length($1) + length($2) + length($3) + length($4) + 5)
        folder = path
        sub(/\/[^\/]*$/, "", folder)
        if (!(folder in camera_of)) {
          above = folder
          while (!(above in camera_of) && sub(/\/[^\/]*$/, "", above)) continue
          camera_of[folder] = camera_of[above]
        }
        if (++found[camera_of[folder]] > most) next
        changed = $1
        sub(/[.].*/, "", changed)
        print changed "|" $2 "|" $3 "|" $4 "|" path
      }'
}

# tell_files: "CHANGED|INODE|SIZE|WHEN|FIRST BYTES|PATH" of each line of recent_files.
tell_files() {
  while IFS='|' read -r changed inode size when file; do
    set --
    # What has been put in its place meanwhile may be anything, and not be read at all.
    # shellcheck disable=SC2046 # a word a byte
    if [ -f "$file" ] && [ ! -L "$file" ]; then set -- $(od -An -tx1 -N3 "$file" 2>/dev/null); fi
    emit file "$changed|$inode|$size|$when|${1-}${2-}${3-}|$file"
  done
}

# of_journal OPTION…: what sshd told the journal. Only root can be _UID=0.
of_journal() {
  journalctl --quiet --no-pager "$@" -t sshd -t sshd-session -t sshd-auth _UID=0 2>/dev/null
}

# read_logs: what was logged since the facts were read; $told has all of it.
read_logs() {
  from_journal='' from_system=''
  if journal_runs; then
    from_journal=$(of_journal -o json --output-fields=_UID,_COMM,_PID,SYSLOG_IDENTIFIER,MESSAGE \
      -n "$log_lines" --since "@$log_since")
  else
    from_system=$(system_logs | new_lines)
  fi
  from_sshd=$(own_logs | new_lines)
  told=$from_journal$newline$from_system$newline$from_sshd
}

# new_lines: of each file named on standard input, what was added to it since the facts were read.
new_lines() {
  while IFS= read -r path; do
    offset=0
    size=$(wc -c <"$path")
    while read -r known was; do
      if [ "$known" = "$path" ] && [ "$was" -le "$size" ]; then offset=$was; fi
    done <<LIST
$log_offsets
LIST
    tail -c "+$((offset + 1))" "$path" 2>/dev/null | tail -n "$log_lines"
  done
}

# other_processes: of the processes that lines of the system's logger name, those that are another program's now.
other_processes() {
  printf '%s\n' "$from_system" | sed -n 's/^[^]]*sshd[a-z-]*\[\([0-9]\{1,9\}\)\]: .*/\1/p' | sort -u | while read -r number; do
    read -r name 2>/dev/null <"/proc/$number/comm" || continue
    case $name in sshd*) ;; *) printf ' %s' "$number" ;; esac
  done
}

# Whether a log is sshd's at all, so that its silence means something: by what it held before.
log_speaks() {
  if journal_runs; then
    [ -z "$(of_journal -n 1)" ] || return 0
  fi
  log_sources | while IFS= read -r path; do
    # One that nobody has written to for a day is what an upgrade left behind.
    [ -n "$(find "$path" -mtime -1 2>/dev/null)" ] || continue
    ! tail -n 2000 "$path" | grep -aqE 'sshd(-session|-auth)?\[|^Server listening on |^Accepted ' || printf yes
  done | grep -q yes
}

# Rules of whichever firewall there is that drop or reject something.
firewall_rules() {
  if has nft; then nft list ruleset 2>/dev/null | grep -wE 'drop|reject'; fi
  for tool in iptables ip6tables; do
    if has "$tool"; then "$tool" -S 2>/dev/null | grep -E 'DROP|REJECT'; fi
  done
}

# Folders that the camera may make files in no more, such as a day's that somebody else has made.
closed_folders() {
  [ ! -d "$recordings" ] ||
    list_files %p %n "$recordings" -type d \( ! -user "$user" -o ! -perm -0300 \) | head -n 5
}

# pam_rules: the lines by which PAM lets an account in or not, as FILE:NUMBER:LINE, also those of what is included.
pam_rules() {
  files=sshd
  known=
  for _ in 1 2 3; do
    more=
    for file in $files; do
      case " $known " in *" $file "*) continue ;; esac
      known="$known $file"
      grep -nHE '^[[:space:]]*-?account[[:space:]].*pam_' "/etc/pam.d/$file" 2>/dev/null
      more="$more $(sed -n -e 's/^[[:space:]]*@include[[:space:]][[:space:]]*//p' \
        -e 's/^[[:space:]]*-\{0,1\}account[[:space:]][[:space:]]*\(include\|substack\)[[:space:]][[:space:]]*//p' \
        "/etc/pam.d/$file" 2>/dev/null | sed 's/[[:space:]].*//')"
    done
    files=$more
  done
}

evidence_of_causes() {
  pam_rules | head -n 100 | while IFS= read -r line; do emit pam_rule "$line"; done
  for path in /etc/nologin /run/nologin; do [ ! -e "$path" ] || emit nologin "$path"; done
  [ ! -r /etc/shells ] || emit shells "$(cat /etc/shells)"
  log_speaks && emit log_speaks yes
  if sockets=$(cat /proc/net/tcp 2>/dev/null); then
    emit sockets "$({ printf '%s\n' "$sockets" && cat /proc/net/tcp6 2>/dev/null; } | head -n 1000)"
  fi
  if has ip; then emit addresses "$(ip -o addr show 2>/dev/null | sed -n 's/.* inet6\{0,1\} \([^ /]*\).*/\1/p')"; fi
  rules=$(firewall_rules | head -n 20)
  [ -z "$rules" ] || emit firewall "$rules"
  each_account closed_folders | head -n 5 | while IFS= read -r path; do emit closed_folder "$path"; done
}

evidence() {
  # Here, so that it is done once for all that are asked below, each in a shell of its own.
  prints
  find_sshd '' '' no
  sources=$(log_sources)
  [ -z "$sources" ] || printf '%s\n' "$sources" | while IFS= read -r path; do emit log_source "$path"; done
  # A disk that counts in steps of two seconds cuts off the rest.
  each_account recent_files "$((log_since - 2))" | tell_files
  # A log writer may be a moment behind the login that it tells of.
  tries=0
  while :; do
    read_logs
    [ "$(printf '%s\n' "$told" | grep -acF "$wait_for")" -lt "$wait_count" ] || break
    tries=$((tries + 1))
    if [ -z "$sources" ] || [ "$tries" -ge 10 ]; then break; fi
    nap
  done
  emit log "$from_sshd"
  [ -z "$from_journal" ] || emit journal "$from_journal"
  if [ -n "$from_system" ]; then
    emit system_log "$from_system"
    emit processes "$log_process $$$(other_processes)"
  fi
  [ "$causes" != yes ] || evidence_of_causes
  # Last, so that the asker's own clock at the end of this script means the same moment.
  emit now "$(clock)"
  emit end ok
}
