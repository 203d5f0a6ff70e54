#!/bin/sh
# Make a running sshd read its configuration anew, by whichever way this machine has, and see that it did.
# shellcheck disable=SC2154 # $newline is common.sh's

# Which sockets listen, by inode: a reloaded sshd opens new ones.
listening_sockets() {
  for table in /proc/net/tcp /proc/net/tcp6; do
    while read -r _ place _ condition _ _ _ _ _ inode _; do
      [ "$condition" != 0A ] || printf '%s %s\n' "${place##*:}" "$inode"
    done 2>/dev/null <"$table"
  done
}

# The listener's own lines in /proc/net, whatever else listens on this machine.
own_sockets() {
  for fd in "/proc/$1/fd"/*; do
    link=$(readlink "$fd" 2>/dev/null) || continue
    case $link in
      'socket:['*)
        inode=${link#socket:[}
        inode=${inode%]}
        case "$newline$2$newline" in *" $inode$newline"*) printf '%s ' "$inode" ;; esac
        ;;
    esac
  done
}

# A reload returns before sshd has read anything: wait until it listens on new sockets.
wait_for_listener() {
  tries=0
  while [ "$tries" -lt 70 ]; do
    after=$(own_sockets "$1" "$(listening_sockets)")
    if [ -n "$after" ] && [ "$after" != "$2" ]; then return 0; fi
    if ! kill -0 "$1" 2>/dev/null; then
      fail 'sshd ended instead of reading its configuration anew'
      return 1
    fi
    tries=$((tries + 1))
    nap "$tries"
  done
  fail 'sshd did not listen again after the reload'
}

socket_activated() {
  systemd_runs && { systemctl -q is-active ssh.socket || systemctl -q is-active sshd.socket; }
}

# reload_sshd: by whichever way this machine has; sets $how.
reload_sshd() {
  server=$(sshd_pid)
  if [ -z "$server" ]; then
    if socket_activated; then
      how='not needed: ssh.socket starts sshd with the new configuration'
      return 0
    fi
    fail 'no sshd is running'
    return 1
  fi
  before=$(own_sockets "$server" "$(listening_sockets)")
  how=
  if systemd_runs; then
    for unit in ssh sshd; do
      if systemctl -q is-active "$unit.service"; then
        if systemctl -q is-active "$unit.socket"; then
          # An sshd on systemd's own socket ends at a reload (Debian 12 and 13: it cannot bind). A restart is
          # safe there: systemd keeps the socket, and the unit's KillMode=process the sessions, ours as well.
          try systemctl restart "$unit.service" || return 1
          how="systemctl restart $unit, which $unit.socket had started"
          return 0
        fi
        try systemctl reload "$unit.service" || return 1
        how="systemctl reload $unit"
        break
      fi
    done
  elif has rc-service && rc-service -q sshd status >/dev/null 2>&1; then
    try rc-service sshd reload || return 1
    how='rc-service sshd reload'
  elif has service && [ -x /etc/init.d/ssh ] && service ssh reload >/dev/null 2>&1 </dev/null; then
    how='service ssh reload'
  fi
  if [ -z "$how" ]; then
    try kill -HUP "$server" || return 1
    how="SIGHUP to sshd ($server)"
  fi
  # Under systemd with a socket of its own there is nothing new to wait for.
  [ -n "$before" ] || return 0
  wait_for_listener "$server" "$before"
}

# start_sshd: it ended where it was to read a configuration. By the service manager, else by itself: what a
# manager says of it does not count, only whether there is one.
start_sshd() {
  for unit in ssh sshd; do
    ! systemd_runs || ! systemctl -q is-enabled "$unit.service" 2>/dev/null || systemctl start "$unit.service"
  done
  if ! systemd_runs && has rc-service; then rc-service sshd start; fi
  if ! systemd_runs && has service && [ -x /etc/init.d/ssh ]; then service ssh start; fi
  tries=0
  while ! sshd_pid >/dev/null && [ "$tries" -lt 10 ]; do
    tries=$((tries + 1))
    nap
  done
  sshd_pid >/dev/null || try "$(sshd_path)"
} >/dev/null 2>&1 </dev/null

# reload_checked: never with a configuration that sshd refuses, and never leave a machine without an sshd.
reload_checked() {
  prepare_run_directory
  sshd=$(sshd_path) && "$sshd" -t || return 1
  if [ -z "$(sshd_pid)" ] && ! socket_activated; then
    start_sshd || { printf '%s' "$why" && return 1; }
  else
    reload_sshd || { printf '%s' "$why" && return 1; }
  fi
}
