# shellcheck shell=sh
# The one place that finds the sshd that serves the camera, and asks it what it does: as it runs, with its own binary
# and options, about the camera's own connection.
#
# find_sshd ADDRESS PORT STRICT leaves what the rest goes by (each may be empty):
#   ask_kind     sshd: one listens; socket: systemd's socket starts one; empty: neither
#   ask_pid      the listener's process          ask_unit     the service of systemd's that it is
#   ask_port     the port that it serves         ask_sockets  where all sshds listen, "PID ADDRESS:PORT" in /proc's hex
#   ask_exe      its program                     ask_options  its options, quoted for eval; ask_main the file it reads
#   ask_unknown  why its options cannot be told   ask_text     the lines of its configuration, FILE:NUMBER:LINE
# shellcheck disable=SC2034,SC2154 # what is given or used elsewhere stands in the files beside this one

# lower_keywords: what `sshd -T` prints, with keywords in lower case; since OpenSSH 10.4 they are in mixed case.
# Values stay as they are: so the keyword is cut off, made lower case, and put in front of the rest again.
lower_keywords() {
  sed -e 'h
s/ .*//
y/ABCDEFGHIJKLMNOPQRSTUVWXYZ/abcdefghijklmnopqrstuvwxyz/
G
s/\n[^ ]*//'
}

# answer_of COMMAND…: what an `sshd -T` prints; false, with sshd's own words, where it refuses.
answer_of() {
  if answer=$("$@" 2>/dev/null </dev/null); then
    printf '%s\n' "$answer"
  else
    # Its words on standard error would be among its lines where it only warns.
    "$@" 2>&1 </dev/null
    return 1
  fi
}

# ask OPTION…: the sshd that serves the camera, with the options that it runs with.
ask() { eval "\"\$ask_exe\" $ask_options \"\$@\""; }

# ask_file FILE OPTION…: the same with another configuration.
ask_file() {
  ask_instead=$1
  shift
  eval "\"\$ask_exe\" $ask_rest -f \"\$ask_instead\" \"\$@\""
}

# ---- addresses as /proc/net writes them

ask_hex() {
  case $1 in
    *:*) ask_hex6 "${1%%'%'*}" ;;
    *.*.*.*)
      (
        IFS=.
        # shellcheck disable=SC2086 # four numbers
        set -- $1
        printf '%02X%02X%02X%02X' "$4" "$3" "$2" "$1" 2>/dev/null
      )
      ;;
  esac
}

# ask_hex6 ADDRESS: its eight words, each four bytes turned round.
ask_hex6() (
  front=${1%%::*}
  back=
  case $1 in *::*) back=${1#*::} ;; esac
  IFS=:
  # shellcheck disable=SC2086 # the words of each half
  set -- $front
  # shellcheck disable=SC2086
  words=$(ask_count $back)
  while [ "$(($# + words))" -lt 8 ]; do set -- "$@" 0; done
  # shellcheck disable=SC2086
  set -- "$@" $back
  while [ $# -gt 1 ]; do
    first=$((0x$1)) second=$((0x$2))
    printf '%02X%02X%02X%02X' "$((second % 256))" "$((second / 256))" "$((first % 256))" "$((first / 256))"
    shift 2
  done
)
ask_count() { printf '%s' "$#"; }

# ask_takes SOCKET: does a connection to $ask_wanted (hex; empty: any address) come in at this ADDRESS:PORT?
ask_takes() {
  case ${1%:*} in
    "$ask_wanted" | 0000000000000000FFFF0000"$ask_wanted") return 0 ;;
    00000000) [ "${#ask_wanted}" != 32 ] ;;
    # systemd's socket takes IPv4 as well; sshd's own does not.
    00000000000000000000000000000000) [ "${#ask_wanted}" != 8 ] || [ -n "$ask_socket" ] ;;
    *) [ -z "$ask_wanted" ] ;;
  esac
}

# ---- who listens

# Every listening socket, "INODE ADDRESS:PORT" a line.
ask_listening() {
  sed -n 's/^ *[0-9]*: \([^ ]*\) [^ ]* 0A [^ ]* [^ ]* [^ ]* *[0-9]* *[0-9]* \([0-9]*\) .*/\2 \1/p' \
    /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# ask_title PID: what its command line says now; without a process of its own.
ask_title() {
  ask_said=
  { IFS= read -r ask_said </proc/"$1"/cmdline; } 2>/dev/null || :
}

# Every sshd that may be a listener: sessions call themselves after their users.
ask_candidates() {
  for file in /proc/[0-9]*/comm; do
    read -r comm 2>/dev/null <"$file" || continue
    case $comm in sshd-session | sshd-auth) continue ;; sshd*) ;; *) continue ;; esac
    ask_listed=${file#/proc/}
    ask_listed=${ask_listed%/comm}
    ask_title "$ask_listed"
    case $ask_said in
      'sshd: /'* | 'sshd: '*'[listener]'*) ;;
      'sshd: '*) continue ;;
    esac
    printf '%s\n' "$ask_listed"
  done
}

# ask_holds PID: "PID ADDRESS:PORT" of each of its listening sockets.
ask_holds() {
  # shellcheck disable=SC2012 # a link's name is what is wanted
  ls -l "/proc/$1/fd" 2>/dev/null | sed -n 's/.* -> socket:\[\([0-9]*\)\]$/\1/p' | while read -r inode; do
    case $ask_all in
      *"$newline$inode "*)
        place=${ask_all#*"$newline$inode "}
        printf '%s %s\n' "$1" "${place%%"$newline"*}"
        ;;
    esac
  done
}

# ask_choose PORT TAKES: the first socket of an sshd with that port (empty: any); with TAKES only where the address is
# taken.
ask_choose() {
  ask_hexport=
  [ -z "$1" ] || ask_hexport=$(printf '%04X' "$1")
  while read -r ask_one ask_place; do
    [ -n "$ask_place" ] || continue
    [ -z "$ask_hexport" ] || [ "${ask_place##*:}" = "$ask_hexport" ] || continue
    [ -z "$2" ] || ask_takes "$ask_place" || continue
    ask_pid=$ask_one
    ask_port=$((0x${ask_place##*:}))
    return 0
  done <<LIST
$ask_sockets
LIST
  return 1
}

# ask_socket_port PORT: does systemd's socket serve that port (empty: any)? By what systemctl tells of it.
ask_socket_port() {
  [ -n "$ask_socket" ] || return 1
  while IFS= read -r ask_place; do
    case $ask_place in Listen=*:*' (Stream)') ;; *) continue ;; esac
    ask_place=${ask_place%' (Stream)'}
    ask_place=${ask_place##*:}
    if [ -z "$1" ] || [ "$ask_place" = "$1" ]; then
      ask_port=$ask_place
      return 0
    fi
  done <<LIST
$ask_socket_told
LIST
  return 1
}

# ask_find_socket: systemd's, where one is there to start sshd.
ask_find_socket() {
  systemd_runs || return 1
  for ask_socket in ssh.socket sshd.socket; do
    ! systemctl -q is-active "$ask_socket" || break
    ask_socket=
  done
  [ -n "$ask_socket" ] || return 1
  ask_socket_told=$(systemctl show -p Listen -p Accept -p Triggers "$ask_socket" 2>/dev/null)
}

# find_sshd ADDRESS PORT STRICT: the address and port that the camera dials, as far as they are known; STRICT: the
# port is what it dials, not a guess.
find_sshd() {
  for ask_variable in kind pid unit port exe options rest main unknown socket socket_told split; do
    eval "ask_$ask_variable="
  done
  ask_wanted=$(ask_hex "$1")
  ask_all=$newline$(ask_listening)$newline
  ask_sockets=$(ask_candidates | while read -r one; do ask_holds "$one"; done)
  if ask_choose "$2" yes; then
    :
  elif ask_find_socket && ask_choose "$2" yes; then
    :
  elif ask_socket_port "$2"; then
    ask_kind=socket
  elif { [ "$3" != yes ] && { ask_choose 22 yes || ask_choose '' yes; }; } || ask_choose "$2" '' || ask_choose '' ''; then
    :
  elif ask_socket_port ''; then
    ask_kind=socket
  fi
  if [ -n "$ask_pid" ]; then ask_kind=sshd; fi
  case $ask_kind in
    sshd) ask_process ;;
    socket) ask_service ;;
  esac
  [ -n "$ask_exe" ] || ask_exe=$(sshd_path) || ask_exe=
  ask_default_main
  ask_read
}

# The configuration that sshd reads where it is not told another; openSUSE keeps its own below /usr until somebody
# makes one.
ask_default_main() {
  [ -z "$ask_main" ] || return 0
  for ask_main in /etc/ssh/sshd_config /usr/etc/ssh/sshd_config; do
    [ ! -f "$ask_main" ] || return 0
  done
  ask_main=/etc/ssh/sshd_config
}

# ---- with which options

# The listener has written its state over its command line, and quotes are lost in that: it counts where nothing in it
# can be read in two ways; else the unit's own words, where they are the same ones.
ask_process() {
  ask_exe=$(readlink "/proc/$ask_pid/exe" 2>/dev/null) || ask_exe=
  ask_exe=${ask_exe%' (deleted)'}
  ask_unit=$(sed -n 's|.*/\([^/]*\.service\)$|\1|
t found
d
:found
p
q' "/proc/$ask_pid/cgroup" 2>/dev/null)
  ask_title "$ask_pid"
  case $ask_said in
    'sshd: '*' [listener]'*)
      ask_words=${ask_said#'sshd: '}
      ask_words=${ask_words%%' [listener]'*}
      ! ask_read_title || return 0
      if [ -n "$ask_unit" ] && ask_read_unit "$ask_unit" "$ask_words"; then return 0; fi
      ;;
    'sshd: '*) ;;
    *) # One that has not written over its command line: nothing is lost.
      ask_words=$(tr '\0' '\n' <"/proc/$ask_pid/cmdline" 2>/dev/null)
      ! ask_read_lines "$ask_words" || return 0
      ;;
  esac
  ask_unknown="it runs as \"$ask_said\""
}

ask_read_title() {
  set -f
  # shellcheck disable=SC2086 # its words
  set -- $ask_words
  set +f
  [ $# -gt 0 ] || return 1
  shift
  ask_split=yes
  ask_take "$@"
}

# The service that systemd's socket starts for a connection, or once for all of them.
ask_service() {
  case $ask_socket_told in
    *Accept=yes*) ask_unit="${ask_socket%.socket}@.service" ;;
    *)
      ask_unit=$(printf '%s\n' "$ask_socket_told" | sed -n 's/^Triggers=\([^ ]*\).*/\1/p')
      ;;
  esac
  ask_read_unit "$ask_unit" '' || ask_unknown="what $ask_unit starts is not plain to read"
}

# ask_read_unit UNIT WORDS: take the options of its ExecStart; only where it would look like WORDS, if they are given.
ask_read_unit() {
  ask_argv=$(ask_start_of "$1") && [ -n "$ask_argv" ] || return 1
  if [ -n "$2" ] && [ "$(printf '%s\n' "$ask_argv" | tr '\n' ' ')" != "$2 " ]; then return 1; fi
  ask_read_lines "$ask_argv"
}

# ask_read_lines WORDS: a command, a word a line.
ask_read_lines() {
  set -f
  IFS=$newline
  # shellcheck disable=SC2086 # its lines
  set -- $1
  unset IFS
  set +f
  [ $# -gt 0 ] || return 1
  [ -n "$ask_exe" ] || ask_exe=$1
  shift
  ask_split=
  ask_take "$@"
}

# ask_start_of UNIT: the words of the command that it starts, one a line; false where one of them is not plain.
ask_start_of() {
  ask_start=
  ask_given=
  while read -r line; do
    case $line in
      *%[!%]*) continue ;;
      ExecStart=*) ask_start=${line#ExecStart=} ;;
      Environment=*) ask_given="$ask_given$newline$(printf '%s\n' "${line#Environment=}" | xargs printf '%s\n' 2>/dev/null)" ;;
      EnvironmentFile=*)
        line=${line#EnvironmentFile=}
        ask_given="$ask_given$newline$(ask_environment "${line#-}")"
        ;;
    esac
  done <<UNIT
$(systemctl cat "$1" 2>/dev/null)
UNIT
  while :; do
    case $ask_start in [-@:+!]*) ask_start=${ask_start#?} ;; *) break ;; esac
  done
  printf '%s\n' "$ask_start" | xargs printf '%s\n' 2>/dev/null | while IFS= read -r word; do
    case $word in
      '$'[A-Za-z_]*)
        printf '%s\n' "$ask_given" | sed -n "s/^${word#?}=//p" | tail -n 1 | xargs printf '%s\n' 2>/dev/null | sed '/^$/d'
        ;;
      *'$'*) printf '%s\n' '-?' ;;
      *) printf '%s\n' "$word" ;;
    esac
  done
}

# ask_environment FILE: NAME=VALUE lines as systemd reads them: quotes around a whole value are gone, and what is
# escaped within double ones stands for itself.
ask_environment() {
  sed -n '
s/^[[:space:]]*\([A-Za-z_][A-Za-z0-9_]*=\)/\1/
/^[A-Za-z_][A-Za-z0-9_]*=/!d
/^[^=]*=".*"[[:space:]]*$/{
s/="\(.*\)"[[:space:]]*$/=\1/
s/\\\(["\\]\)/\1/g
}
s/^\([^=]*\)='\''\(.*\)'\''[[:space:]]*$/\1=\2/
p' "$1" 2>/dev/null
}

# ask_take WORD…: sshd's own options; false where they cannot be meant. Of use are those that decide what it does.
ask_take() {
  ask_main=
  ask_rest=
  while [ $# -gt 0 ]; do
    case $1 in -?*) ;; *) return 1 ;; esac
    ask_letters=${1#-}
    while [ -n "$ask_letters" ]; do
      ask_letter=${ask_letters%"${ask_letters#?}"}
      ask_letters=${ask_letters#?}
      case $ask_letter in
        [46]) ask_rest="$ask_rest -$ask_letter" ;;
        [DdeiqrtRTG]) ;;
        [bcCEfghkopu])
          if [ -z "$ask_letters" ]; then
            shift
            [ $# -gt 0 ] || return 1
            ask_letters=$1
          fi
          ask_keep "$ask_letter" "$ask_letters" || return 1
          ask_letters=
          ;;
        *) return 1 ;;
      esac
    done
    shift
  done
  ask_options=$ask_rest
  [ -z "$ask_main" ] || ask_options="$ask_rest -f $(quoted "$ask_main")"
}

ask_keep() {
  case $1$2 in
    f/*) ask_main=$2 ;;
    f*) return 1 ;;
    # In a title that was split, a setting that has no value of its own has lost it to the next word.
    o*=?*) ask_rest="$ask_rest -o $(quoted "$2")" ;;
    o*) [ -z "$ask_split" ] && ask_rest="$ask_rest -o $(quoted "$2")" ;;
    [pch]*) ask_rest="$ask_rest -$1 $(quoted "$2")" ;;
  esac
}

# ---- about the camera's own connection

# ask_host ADDRESS: the name that sshd knows it by: where it looks names up, the one that leads back to the address.
ask_host() {
  if has getent && printf '%s\n' "$ask_text" | grep -qi ':[[:space:]]*usedns[[:space:]="]*yes'; then
    name=$(getent hosts "$1" 2>/dev/null | sed -n 's/^[^ ]*  *\([^ ]*\).*/\1/p')
    if [ -n "$name" ] && getent ahosts "$name" 2>/dev/null | grep -q "^$1 "; then
      printf '%s' "$name"
      return
    fi
  fi
  printf '%s' "$1"
}

# ask_read: every line of the configuration that is no comment goes to $ask_text, as FILE:NUMBER:LINE: the main file,
# the folder of drop-ins, and what the main file includes.
ask_read() {
  set -- "$ask_main"
  for file in /etc/ssh/sshd_config.d/*.conf; do [ ! -f "$file" ] || set -- "$@" "$file"; done
  words=$(sed -n '
s/^[[:space:]]*"\{0,1\}[Ii][Nn][Cc][Ll][Uu][Dd][Ee]"\{0,1\}[[:space:]=]*//
t found
d
:found
s/"//g
p' "$ask_main" 2>/dev/null)
  for word in $words; do
    case $word in
      /etc/ssh/sshd_config.d/\*.conf | sshd_config.d/\*.conf) continue ;;
      /*) ;;
      *) word=/etc/ssh/$word ;;
    esac
    for file in $word; do
      for known in "$@"; do [ "$known" != "$file" ] || continue 2; done
      set -- "$@" "$file"
    done
  done
  ask_text=$(grep -nHv -e '^[[:space:]]*#' -e '^[[:space:]]*$' "$@" 2>/dev/null)
}

# ask_connection ADDRESS OWN-ADDRESS: all that `sshd -C` is told of a connection, but the user.
ask_connection() {
  printf 'host=%s,addr=%s,laddr=%s,lport=%s,rdomain=' "$(ask_host "$1")" "$1" "$2" "${ask_port:-22}"
}
