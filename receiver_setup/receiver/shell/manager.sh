#!/bin/sh
# Tell by whom sshd is made to read its configuration anew, as sshd.sh does it, for a person who does it by hand.

manager() {
  server=$(sshd_pid)
  way="signal $server"
  if [ -z "$server" ]; then
    way=none
    ! socket_activated || way=socket
  elif systemd_runs; then
    for unit in ssh sshd; do
      systemctl -q is-active "$unit.service" || continue
      way="reload $unit"
      # An sshd on systemd's own socket ends at a reload; see sshd.sh.
      ! systemctl -q is-active "$unit.socket" || way="restart $unit"
      break
    done
  elif has rc-service && rc-service -q sshd status >/dev/null 2>&1; then
    way=openrc
  elif has service && [ -x /etc/init.d/ssh ] && service ssh status >/dev/null 2>&1; then
    way=service
  elif [ -r /run/sshd.pid ]; then
    way=pidfile
  fi
  emit way "$way"
  emit end ok
}
