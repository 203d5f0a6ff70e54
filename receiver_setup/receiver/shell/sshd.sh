# shellcheck shell=sh
# Make a running sshd read its configuration anew, by whichever way this machine has, and see that it did.
# shellcheck disable=SC2154 # $newline is common.sh's

# Which sockets listen, by inode: a reloaded sshd opens new ones.
listening_sockets() {
  ask_listening | while read -r inode place; do printf '%s %s\n' "${place##*:}" "$inode"; done
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

# reload_sshd: the one that was found, by whichever way this machine has; sets $how.
reload_sshd() {
  if [ -z "$ask_pid" ]; then
    if [ "$ask_kind" = socket ]; then
      how="not needed: $ask_socket starts sshd with the new configuration"
      return 0
    fi
    fail 'no sshd is running'
    return 1
  fi
  before=$(own_sockets "$ask_pid" "$(listening_sockets)")
  how=
  if is_unit; then
    if systemctl -q is-active "${ask_unit%.service}.socket"; then
      # An sshd on systemd's own socket ends at a reload (Debian 12 and 13: it cannot bind). A restart is
      # safe there: systemd keeps the socket, and the unit's KillMode=process the sessions, ours as well.
      try systemctl restart "$ask_unit" || return 1
      how="systemctl restart ${ask_unit%.service}, which ${ask_unit%.service}.socket had started"
      return 0
    fi
    # It may test another configuration than the one that this sshd reads, which has been tested.
    ! systemctl reload "$ask_unit" >/dev/null 2>&1 </dev/null || how="systemctl reload ${ask_unit%.service}"
  elif is_init_sshd && has rc-service && rc-service -q sshd status >/dev/null 2>&1; then
    try rc-service sshd reload || return 1
    how='rc-service sshd reload'
  elif is_init_sshd && has service && [ -x /etc/init.d/ssh ] && service ssh reload >/dev/null 2>&1 </dev/null; then
    how='service ssh reload'
  fi
  if [ -z "$how" ]; then
    try kill -HUP "$ask_pid" || return 1
    how="SIGHUP to sshd ($ask_pid)"
  fi
  # Under systemd with a socket of its own there is nothing new to wait for.
  [ -n "$before" ] || return 0
  wait_for_listener "$ask_pid" "$before"
}

# Is it a service of systemd's, and the process that a reload of that reaches? One started by hand may be in its group.
is_unit() {
  [ -n "$ask_unit" ] && systemd_runs &&
    [ "$(systemctl show -p MainPID "$ask_unit" 2>/dev/null)" = "MainPID=$ask_pid" ]
}

# Is it the one whose number an init script goes by? Of two with one pid file, only the last.
is_init_sshd() {
  ! systemd_runs || return 1
  for file in /run/sshd.pid /var/run/sshd.pid; do
    if [ -r "$file" ]; then
      read -r pid <"$file" && [ "$pid" = "$ask_pid" ]
      return
    fi
  done
  return 1
}

# start_sshd: it ended where it was to read a configuration. By the service manager, else by itself: what a
# manager says of it does not count, only whether there is one.
start_sshd() {
  if systemd_runs; then
    for unit in ${served_unit:-ssh.service sshd.service}; do
      ! systemctl -q is-enabled "$unit" 2>/dev/null || systemctl start "$unit"
    done
  else
    if has rc-service; then rc-service sshd start; fi
    if has service && [ -x /etc/init.d/ssh ]; then service ssh start; fi
  fi
  tries=0
  until find_served || [ "$tries" -ge 10 ]; do
    tries=$((tries + 1))
    nap
  done
  find_served || try start_served
} >/dev/null 2>&1 </dev/null

start_served() { eval "${served_command:-\"\$(sshd_path)\"}"; }

# find_served: does the sshd that serves the camera listen, or a socket that starts it?
find_served() {
  find_sshd "${served_address-}" "${served_port-}" yes
  [ -n "$ask_kind" ] && { [ -z "${served_port-}" ] || [ "$ask_port" = "$served_port" ]; }
}

# note_served: which sshd it is, for a way back that has to find it again, or to start it.
note_served() {
  (
    umask 077
    {
      printf 'served_address=%s\nserved_port=%s\n' "$(quoted "$served_address")" "$(quoted "$ask_port")"
      printf 'served_unit=%s\n' "$(quoted "$ask_unit")"
      printf 'served_command=%s\n' "$(quoted "$(quoted "$ask_exe") $ask_options")"
    } >"$journal/served"
  )
}

# reload_checked: never with a configuration that sshd refuses, and never leave a machine without an sshd.
reload_checked() {
  prepare_run_directory
  # shellcheck disable=SC1091 # note_served has written it
  [ ! -r "$journal/served" ] || . "$journal/served"
  if find_served; then
    problem=$(ask -t 2>&1) || {
      printf '%s' "$problem"
      # What it runs by is what it has read before: nothing of this change.
      [ -e "$journal/unread" ]
      return
    }
    reload_sshd || { printf '%s' "$why" && return 1; }
  else
    start_sshd || { printf '%s' "$why" && return 1; }
  fi
}
