#!/bin/sh
# Tell by whom sshd is made to read its configuration anew, as sshd.sh does it, for a person who does it by hand.

# Given: served_address served_port (what the camera dials; may be empty).
# shellcheck disable=SC2154 # the given values stand in the lines before this file

manager() {
  find_sshd "$served_address" "$served_port" no
  way=none
  if [ -z "$ask_pid" ]; then
    [ "$ask_kind" != socket ] || way=socket
  elif is_unit; then
    way="reload ${ask_unit%.service}"
    # An sshd on systemd's own socket ends at a reload; see sshd.sh.
    ! systemctl -q is-active "${ask_unit%.service}.socket" || way="restart ${ask_unit%.service}"
  elif is_init_sshd && has rc-service && rc-service -q sshd status >/dev/null 2>&1; then
    way=openrc
  elif is_init_sshd && has service && [ -x /etc/init.d/ssh ] && service ssh status >/dev/null 2>&1; then
    way=service
  elif is_init_sshd; then
    way=pidfile
  else
    way="signal $ask_pid"
  fi
  emit way "$way"
  emit end ok
}
