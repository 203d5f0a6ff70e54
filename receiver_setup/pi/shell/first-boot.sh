#!/bin/sh
# The first boot of a prepared card; this file is in the folder receiver-setup of the boot partition.
#
#   first-boot.sh install   make it a unit that runs at the next start (called by firstrun.sh)
#   first-boot.sh start     the same, and start it (called by cloud-init)
#   first-boot.sh disarm    remove firstrun.sh and the words that start it, if both are ours
#   first-boot.sh run       the unit: install the package, try the set-up until it is done or given up, wipe the password
#
# job.toml contains the options and the waiting times; without it there is nothing to do. The result is written to
# receiver-setup-result.txt on the boot partition. No secret is in an argument, the journal or that file.
set -u

unit=receiver-setup-first-boot.service
own=/usr/local/lib/receiver-setup-first-boot
units=/etc/systemd/system

log() { echo "receiver-setup: $*"; }

# --- before the unit runs -------------------------------------------------------------------------------------------

install_unit() {
  if [ ! -f "$folder/job.toml" ]; then
    log "there is nothing to set up"
    return
  fi
  mkdir -p "$own" &&
    cp "$folder/first-boot.sh" "$own/first-boot.sh.new" && mv "$own/first-boot.sh.new" "$own/first-boot.sh" &&
    cp "$folder/$unit" "$units/$unit.new" && mv "$units/$unit.new" "$units/$unit" &&
    chmod 644 "$units/$unit" || return
  systemctl daemon-reload
  systemctl --quiet enable "$unit"
  sync -f "$own"
}

# Start without waiting: the unit runs after cloud-init, which does not finish before this ends.
start_unit() {
  install_unit
  if [ -f "$units/$unit" ]; then systemctl start --no-block "$unit"; fi
}

disarm() {
  rm -f "$boot/firstrun.sh"
  sed -e 's# systemd\.run=[^ ]*##' -e 's# systemd\.run_success_action=[^ ]*##' -e 's# systemd\.unit=[^ ]*##' \
    "$boot/cmdline.txt" >"$boot/cmdline.new" && sync -f "$boot" && mv "$boot/cmdline.new" "$boot/cmdline.txt"
  sync -f "$boot"
}

# --- time -----------------------------------------------------------------------------------------------------------

# The clock may jump, and a restart of the Pi must not reset the time: count the time during which this runs.
uptime_s() {
  read -r seconds _ </proc/uptime
  echo "${seconds%.*}"
}

count_time() {
  now=$(uptime_s)
  spent=$((spent + now - counted_at))
  counted_at=$now
  echo "$spent" >"$own/spent.new" && mv "$own/spent.new" "$own/spent"
}

number() { # NAME DEFAULT: a number of [first-boot] in the job
  value=$(sed -n "s/^$1 = \([0-9][0-9]*\)\$/\1/p" "$folder/job.toml")
  echo "${value:-$2}"
}

wait_until() { # SECONDS COMMAND: false if it did not succeed in time
  end=$(($(uptime_s) + $1))
  until "$2"; do
    [ "$(uptime_s)" -lt "$end" ] || return 1
    sleep 1
  done
}

# --- prerequisites --------------------------------------------------------------------------------------------------

# Raspberry Pi OS replaces them at the first boot: a camera would trust one that is about to be deleted.
host_keys_are_made() {
  case $(systemctl show --property=ActiveState --value regenerate_ssh_host_keys.service) in
    activating | reloading) return 1 ;;
  esac
  for key in /etc/ssh/ssh_host_*_key.pub; do
    [ -s "$key" ] && return
  done
  return 1
}

network_is_up() { [ -n "$(ip -o route show default)" ] || [ -n "$(ip -o addr show up scope global)" ]; }

clock_is_right() { [ "$(timedatectl show --property=NTPSynchronized --value 2>/dev/null)" = yes ]; }

# Raspberry Pi OS disables ssh by default; the camera needs it.
start_ssh() {
  systemctl is-active --quiet ssh.service && return
  systemctl is-active --quiet ssh.socket && return
  systemctl --quiet enable --now ssh.service || note "warning: ssh cannot be started; systemctl status ssh says why"
}

wait_for_all() {
  tell "It waits for its host keys, the network and the right time."
  wait_until "$(number host-keys-s 120)" host_keys_are_made ||
    note "warning: sshd had no host keys in time"
  wait_until "$(number network-s 120)" network_is_up || note "warning: there was no network in time"
  wait_until "$(number clock-s 180)" clock_is_right ||
    note "warning: the clock was not synchronised, so dates in logs and of recordings may be wrong"
  start_ssh
}

# --- the package ----------------------------------------------------------------------------------------------------

apt() { # ARGUMENT...: with a time limit, without questions, keeping existing configuration files
  DEBIAN_FRONTEND=noninteractive timeout 1800 apt-get --yes --quiet -o DPkg::Lock::Timeout=300 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

# The other packages that are not installed, or older: apt refuses downgrades.
newer_packages() {
  for deb in "$folder"/debs/*.deb; do
    [ -f "$deb" ] || continue
    name=$(dpkg-deb --field "$deb" Package)
    new=$(dpkg-deb --field "$deb" Version)
    old=$(dpkg-query --show --showformat '${Version}' "$name" 2>/dev/null) || old=
    if [ -z "$old" ] || dpkg --compare-versions "$new" gt "$old"; then printf '%s\n' "$deb"; fi
  done
}

package_is_installed() {
  wanted=$(dpkg-deb --field "$folder/receiver-setup.deb" Version) &&
    [ "$(dpkg-query --show --showformat '${Version} ${db:Status-Status}' receiver-setup 2>/dev/null)" = "$wanted installed" ]
}

install_package() {
  if package_is_installed; then return; fi
  dpkg --configure -a >&2 # after a power cut during the last try
  if [ -d "$folder/debs" ]; then
    newer_packages >"$own/packages"
    set --
    while read -r deb; do set -- "$@" "$deb"; done <"$own/packages"
    if apt install --no-install-recommends "$folder/receiver-setup.deb" "$@" >&2; then return; fi
    log "the packages on the card cannot be installed; downloading newer ones" >&2
  fi
  apt update >&2 || log "apt-get update failed" >&2
  apt install --no-install-recommends "$folder/receiver-setup.deb" >&2
}

# --- the set-up -----------------------------------------------------------------------------------------------------

try_once() { # sets: word text
  word=again
  if [ ! -f "$folder/camera-password" ]; then
    word=failed
    text="error: the camera's password is no longer on the card
hint: run \`sudo receiver-setup setup --local\` on the Pi, or prepare the card again"
  elif ! install_package; then
    text="error: the package receiver-setup cannot be installed
hint: the Pi needs the Internet for it, or the packages on the card (--offline-debs); \`journalctl -u $unit\` tells more"
  elif told=$(receiver-setup pi first-boot --folder "$folder"); then
    word=$(printf '%s\n' "$told" | sed -n 1p)
    text=$(printf '%s\n' "$told" | sed 1d)
  else
    word=failed
    text="error: receiver-setup ended without a result
hint: \`journalctl -u $unit\` tells more"
  fi
}

try_until_the_end() {
  limit=$(number camera-s 3600)
  while :; do
    try_once
    count_time
    if [ "$word" != again ]; then return; fi
    if [ "$spent" -ge "$limit" ]; then
      word=failed
      text="$text
It was tried for $((spent / 60)) minutes and given up."
      return
    fi
    log "$text"
    tell "It tries again every $(number between-s 30) seconds, for $(((limit - spent + 59) / 60)) minutes more; the last try said:
$text"
    sleep "$(number between-s 30)"
    count_time
  done
}

# --- the result -----------------------------------------------------------------------------------------------------

note() {
  log "$*"
  notes="$notes$*
"
}

put_result() { # TEXT
  printf '%s\n' "$1" >"$boot/receiver-setup-result.new" &&
    mv "$boot/receiver-setup-result.new" "$boot/receiver-setup-result.txt"
  sync -f "$boot"
}

tell() { put_result "receiver-setup: NOT DONE YET ($(date))
$notes
$1"; }

result_of_the_end() {
  if [ "$word" = "done" ]; then
    cat <<RESULT
receiver-setup: DONE ($(date))
$notes
$text

Next: \`receiver-setup status --local --camera ADDRESS\` on the Pi shows the last upload, \`receiver-setup verify\` proves all of it again.
The camera's password is no longer on this card.
RESULT
  else
    cat <<RESULT
receiver-setup: FAILED ($(date))
$notes
$text

Next: fix that, then run on the Pi: sudo receiver-setup setup --local --camera ADDRESS
Or prepare the card again: receiver-setup pi prepare --yes --boot DIR …, with the card in a computer.
The camera's password is no longer on this card.
RESULT
  fi
}

wipe() { # FILE
  [ -f "$1" ] || return 0
  size=$(wc -c <"$1")
  dd if=/dev/zero of="$1" bs="$size" count=1 conv=notrunc,fsync 2>/dev/null
  rm -f "$1"
  sync -f "$boot"
}

wipe_secrets() {
  if ! : >"$boot/receiver-setup-result.new"; then mount -o remount,rw "$boot"; fi
  rm -f "$boot/receiver-setup-result.new"
  wipe "$folder/camera-password"
  wipe "$boot/receiver-setup.part"
  [ ! -e "$folder/camera-password" ] && [ ! -e "$boot/receiver-setup.part" ]
}

# The result is kept on the Pi's own disk until it is on the card, in case of a power cut.
finish() {
  if ! wipe_secrets; then
    log "the password cannot be deleted from the card; this is tried again at the next start"
    return 1
  fi
  put_result "$(cat "$own/result")" || return 1
  rm -f "$folder/job.toml"
  sync -f "$boot"
  systemctl --quiet disable "$unit"
  rm -f "$units/$unit"
  rm -rf "$own"
  systemctl daemon-reload
}

run() {
  notes=
  spent=$(cat "$own/spent" 2>/dev/null)
  spent=${spent:-0}
  counted_at=$(uptime_s)
  if [ ! -f "$own/result" ] && [ -f "$folder/job.toml" ]; then
    wait_for_all
    try_until_the_end
    result_of_the_end >"$own/result.new" && sync -f "$own" && mv "$own/result.new" "$own/result"
    log "$word"
  fi
  [ -f "$own/result" ] || echo "receiver-setup: there was nothing to set up" >"$own/result"
  finish
}

find_folder() {
  case $0 in
    "$own"/*) folder=/boot/firmware/receiver-setup ;;
    */*) folder=$(cd "${0%/*}" && pwd) ;;
    *) folder=$(pwd) ;;
  esac
  boot=${folder%/*}
}

main() {
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  LC_ALL=C.UTF-8
  export PATH LC_ALL
  find_folder
  case ${1-} in
    install) install_unit ;;
    start) start_unit ;;
    disarm) disarm ;;
    run) run ;;
    *)
      echo "usage: first-boot.sh install|start|disarm|run" >&2
      return 2
      ;;
  esac
}

main "$@"
