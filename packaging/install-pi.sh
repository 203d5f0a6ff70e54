#!/bin/sh
# Install receiver-setup on this machine, a Raspberry Pi or another Debian or Ubuntu, then start its dialogue.
#
#   sudo sh install-pi.sh FILE.deb|--url URL [--sha256 HEX] [--dry-run] [-- OPTION OF SETUP...]
#   sudo sh install-pi.sh --uninstall [--keep-setups] [--dry-run]
#
# Without a terminal it installs and says what to run. What follows -- goes to `receiver-setup setup --local`.
# Exit code: 0 done, 1 it could not be done, 2 usage; that of the set-up where only this failed.
set -eu

say() { printf 'install-pi: %s\n' "$*" >&2; }
fail() { say "$*" && exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
older() { dpkg --compare-versions "$1" lt "$2"; } # VERSION VERSION

usage() {
  say "$*"
  say "usage: install-pi.sh FILE.deb|--url URL [--sha256 HEX] [--dry-run] [-- OPTION OF SETUP...]"
  say "       install-pi.sh --uninstall [--keep-setups] [--dry-run]"
  exit 2
}

run() { # COMMAND...; it never reads the script that a pipe may be bringing
  if [ "$dry" = yes ]; then
    printf '+' >&2
    for word in "$@"; do
      case $word in *[!A-Za-z0-9_./:=+-]*) printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac
    done >&2
    echo >&2
  else
    "$@" </dev/null >&2
  fi
}

at_the_end() {
  code=$?
  [ -z "$work" ] || rm -rf "$work"
  [ "$code" -ne 0 ] || return 0
  case $state in
    begun) say "stopped; nothing was changed" ;;
    apt) say "stopped while apt was running: check its output, then run this again" ;;
    installed) say "receiver-setup is installed, but nothing was set up; run: sudo receiver-setup setup" ;;
  esac
}

check_system() {
  for program in apt-get dpkg-deb; do
    have "$program" || fail "there is no $program here: the package is for Raspberry Pi OS, Debian and Ubuntu"
  done
  [ "$(id -u)" -eq 0 ] || [ "$dry" = yes ] || fail "only root can install packages: run it with sudo"
}

check_for_installation() { # what cannot work is refused; what has only not been tried is told
  # shellcheck disable=SC1091  # the system's own
  release=$(. /etc/os-release 2>/dev/null && echo "${ID-} ${VERSION_ID-}") || release=
  case $release in
    "debian 12" | "debian 13" | "raspbian 12" | "raspbian 13" | "ubuntu 24.04" | "ubuntu 26.04") ;;
    *) say "note: receiver-setup has not been tried on this release (${release:-unknown})" ;;
  esac
  nowhere='-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=' # a look writes nothing
  # shellcheck disable=SC2086  # words
  python=$(LC_ALL=C apt-cache $nowhere policy python3 2>/dev/null | sed -n 's/^ *Candidate: //p')
  if [ -n "$python" ] && [ "$python" != "(none)" ] && older "$python" 3.11; then
    fail "Python 3.11 or newer is needed and apt has $python here: Debian and Raspberry Pi OS 12 (bookworm) have it"
  fi
  check_sshd
  for place in /usr /var; do
    free=$(df -Pk "$place" | awk 'NR == 2 { print $4 }')
    [ "${free:-0}" -ge 204800 ] || fail "$place has only $((free / 1024)) MB left, and 200 are needed: make room there"
  done
  ! grep -q '^[^ ]* / overlay ' /proc/mounts ||
    say "note: / is an overlay; if it is kept in memory (raspi-config), a restart loses all of this"
  [ -d /run/systemd/system ] || say "note: there is no systemd here; sshd will be reloaded by other means"
}

check_sshd() {
  sshd=$(PATH=$PATH:/usr/sbin command -v sshd) || {
    say "note: there is no SSH server here; apt installs OpenSSH's, which listens on port 22 from then on"
    return 0
  }
  version=$("$sshd" -V 2>&1 </dev/null | sed -n 's/.*OpenSSH_\([0-9][0-9.]*\).*/\1/p' | sed -n 1p)
  [ -n "$version" ] || fail "$sshd is not OpenSSH's, and only that one can be set up"
  ! older "$version" 7.4 || fail "OpenSSH 7.4 or newer is needed, and $version is here: update this machine"
}

download() { # FILE
  if [ -n "$sum" ]; then protocols='=http,https' redirections=5; else protocols='=https' redirections=0; fi
  case $url in
    https://*) ;;
    http://*) [ -n "$sum" ] || usage "over http:// anybody on the way could change the package: give --sha256" ;;
    *) usage "only https:// and, with --sha256, http:// are downloaded from" ;;
  esac
  say "downloading $url"
  if have curl; then
    set -- curl --fail --silent --show-error --location --proto "$protocols" --max-time 900 --output "$1" "$url"
  elif have wget; then
    set -- wget --quiet --max-redirect="$redirections" --output-document="$1" "$url"
  else
    fail "neither curl nor wget is here: sudo apt-get install curl, or download the package and give its name"
  fi
  run "$@" || fail "$url could not be downloaded"
}

fetch() { # FILE; what is checked is what will be installed: a copy that nobody else can write to
  if [ -n "$url" ]; then download "$1"; else run cp -- "$given" "$1"; fi
  look=$1
  [ "$dry" = no ] || look=$given
  [ -n "$look" ] || return 0
  if [ -n "$sum" ]; then
    found=$(sha256sum <"$look" | cut -d ' ' -f 1)
    [ "$found" = "$sum" ] || fail "this is not the package that was meant: its SHA-256 is $found, and $sum was given"
  fi
  package=$(dpkg-deb -f "$look" Package 2>/dev/null </dev/null) || package=
  [ "$package" = receiver-setup ] || fail "${given:-$url} is not the Debian package of receiver-setup"
}

apt() { # ARGUMENT...; a machine that has just booted may be updating itself
  run env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends "$@"
}

install_package() {
  [ "$dry" = yes ] || work=$(mktemp -d /var/tmp/install-pi.XXXXXX)
  [ -z "$work" ] || chmod 755 "$work" # apt reads it as another user
  file=${work:-/var/tmp/install-pi.XXXXXX}/receiver-setup.deb
  fetch "$file"
  apt update || say "note: apt's lists could not be updated; continuing with the existing ones"
  state=apt
  apt install "$file" || fail "apt could not install the package"
  run receiver-setup --version || fail "the package is installed, but receiver-setup does not run"
  state=installed
}

start_set_up() { # OPTION...
  if [ "$dry" = yes ]; then
    run receiver-setup setup "$@"
  elif [ -t 2 ] && (: </dev/tty) 2>/dev/null; then
    receiver-setup setup "$@" </dev/tty
  elif [ $# -gt 0 ]; then
    receiver-setup setup "$@" </dev/null
  else
    say "there is no terminal to ask on; now run: sudo receiver-setup setup"
  fi
}

uninstall() {
  if ! dpkg-query -W -f '${db:Status-Status}' receiver-setup 2>/dev/null | grep -qx installed; then
    say "receiver-setup is not installed: nothing to do"
    return
  fi
  users=''
  for path in /var/lib/receiver-setup/accounts/*/; do [ ! -d "$path" ] || users="$users $(basename "$path")"; done
  if [ -n "$users" ] && [ "$keep" = no ]; then
    say "still set up here, undo each with receiver-setup remove --local --camera CAMERA --user USER:$users"
    fail "take that back first; or leave it at work without the package, with --keep-setups"
  fi
  state=apt
  apt remove receiver-setup || fail "apt could not remove the package"
}

main() {
  umask 022
  dry=no keep=no action=install given='' url='' sum='' work='' state=begun
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case $1 in
      --dry-run) dry=yes ;;
      --uninstall) action=uninstall ;;
      --keep-setups) keep=yes ;;
      --url | --sha256)
        [ $# -gt 1 ] || usage "$1 needs a value"
        if [ "$1" = --url ]; then url=$2; else sum=$(printf %s "$2" | tr A-F a-f); fi
        shift
        ;;
      -*) usage "there is no option $1" ;;
      *) if [ -z "$given" ]; then given=$1; else usage "one package is enough"; fi ;;
    esac
    shift
  done
  if [ $# -gt 0 ]; then shift && set -- "$@" --local; fi
  trap at_the_end EXIT
  trap 'exit 130' INT
  trap 'exit 143' HUP TERM
  check_system
  if [ "$action" = uninstall ]; then
    if [ -n "$given$url$sum" ] || [ $# -gt 0 ]; then usage "--uninstall goes with --keep-setups and --dry-run alone"; fi
    uninstall
  else
    if [ -n "$given" ] && [ -n "$url" ]; then usage "the package is either a file or at a URL"; fi
    if [ -z "$given$url" ] || [ "$keep" = yes ]; then usage "give the package, as a file or by --url"; fi
    if [ -n "$given" ] && [ ! -f "$given" ]; then usage "there is no file $given"; fi
    case $sum in *[!0-9a-f]*) sum=bad ;; esac
    if [ -n "$sum" ] && [ ${#sum} -ne 64 ]; then usage "--sha256 takes 64 hexadecimal digits"; fi
    check_for_installation
    install_package
    start_set_up "$@"
  fi
  state=ended
  if [ "$dry" = yes ]; then say "nothing was changed: this was a dry run"; else say "done"; fi
}

main "$@"
