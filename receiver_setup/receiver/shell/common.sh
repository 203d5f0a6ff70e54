# shellcheck shell=sh
# What all scripts on the receiver share. POSIX sh; also dash, bash, busybox.
# A script is this file, then its own file, then one line that calls its main function;
# it arrives on standard input, so that no value of it stands in a process list.

LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH
umask 022
# A lost link must not end a script half-way: its output is then written to nobody.
trap '' HUP PIPE

# shellcheck disable=SC2034 # used by the files that follow this one
newline='
'

has() { command -v "$1" >/dev/null 2>&1; }

# emit NAME VALUE: one record, "@NAME SIZE", then SIZE bytes and a newline.
emit() {
  printf '@%s %s\n%s\n' "$1" "${#2}" "$2" 2>/dev/null || :
}

# emit_file NAME PATH: the record holds the file's bytes as they are.
emit_file() {
  size=$(wc -c <"$2" 2>/dev/null) || return 0
  {
    printf '@%s %s\n' "$1" "$((size))"
    head -c "$((size))" "$2"
    printf '\n'
  } 2>/dev/null || :
}

# say STATUS STEP DETAIL: one record a step.
say() { emit step "$1|$2|$3"; }

# fail REASON: for the caller to return with; $why is what the run reports.
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

quoted() {
  case $1 in
    *"'"*) printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")" ;;
    *) printf "'%s'" "$1" ;;
  esac
}

# nap [TRIES]: after few tries a short one, for what nearly every run waits for and is there in a moment.
nap() {
  if [ "${1-20}" -lt 20 ]; then
    sleep 0.01 2>/dev/null || sleep 1
  else
    sleep 0.1 2>/dev/null || sleep 1
  fi
}

# clock: seconds of the epoch, with a fraction where date knows one (busybox does not).
clock() { date +%s.%N 2>/dev/null | grep -x '[0-9]*[.][0-9]*' || date +%s; }

sshd_path() {
  for candidate in "$(command -v sshd)" /usr/sbin/sshd /usr/local/sbin/sshd; do
    if [ -n "$candidate" ] && [ -x "$candidate" ]; then
      printf '%s' "$candidate"
      return 0
    fi
  done
  return 1
}

# An sshd behind ssh.socket has not made its own run directory yet, and refuses every test without it.
prepare_run_directory() {
  if [ -d /run ] && [ ! -d /run/sshd ] && grep -qs '^sshd:' /etc/passwd; then
    mkdir -m 0755 /run/sshd 2>/dev/null || :
  fi
}

systemd_runs() { [ -d /run/systemd/system ] && has systemctl; }

# started PID: when a process began, in ticks since boot; with the pid it names a process for good.
started() {
  text=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # The name in brackets may hold blanks: count from behind it; field 22 is the 20th after it.
  # shellcheck disable=SC2086 # split into fields on purpose
  set -- ${text##*) }
  printf '%s' "${20}"
}

# lives FILE LINE: is the process that stands there, as pid and start, still the same one?
lives() {
  # shellcheck disable=SC2046 # two words
  set -- $(sed -n "$2p" "$1" 2>/dev/null)
  [ -n "${2-}" ] && [ "$(started "$1")" = "$2" ]
}

# owner_process: the process on this machine that lives as long as the run: the sshd of its connection,
# or the command itself where it runs here. Shells and sudo in between end with each script.
owner_process() {
  process=$PPID
  while [ "$process" -gt 1 ]; do
    read -r name <"/proc/$process/comm" || break
    case $name in
      *sh | sudo | su | doas | env | busybox) ;;
      *) break ;;
    esac
    process=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$process/status")
  done
  printf '%s %s' "$process" "$(started "$process")"
}

# owner_name: who started the run, for people.
owner_name() {
  name=${SUDO_USER:-$(id -un)}
  case ${RECEIVER_SETUP_CONNECTION-} in
    '') printf '%s on the machine itself' "$name" ;;
    *) printf '%s from %s' "$name" "${RECEIVER_SETUP_CONNECTION%% *}" ;;
  esac
}

# processes_of UID: their real uid is the first number of Uid in /proc.
processes_of() { grep -ls "^Uid:[[:space:]]*$1[[:space:]]" /proc/[0-9]*/status | sed 's|/proc/\([0-9]*\)/status|\1|'; }

# open_uploads UID HOME: the files below its home that its processes have open for writing, one a line. A manager of
# systemd's that came with the session has others.
open_uploads() {
  below=$(cd "$2" 2>/dev/null && pwd -P) || return 0
  for process in $(processes_of "$1"); do
    for fd in "/proc/$process/fd"/*; do
      place=$(readlink "$fd" 2>/dev/null) || continue
      case $place in "$below"/*) [ -f "$place" ] || continue ;; *) continue ;; esac
      # The last octal digit of the flags is the access mode: 1 is for writing, 2 for both.
      ! grep -qs '^flags:.*[12]$' "/proc/$process/fdinfo/${fd##*/}" || printf '%s\n' "$place"
    done
  done
}
