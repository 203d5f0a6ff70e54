# shellcheck shell=sh
# Tell by whom sshd is started and made to read its configuration anew, as sshd.sh does it, for a person who does it
# by hand. It starts as few processes as it can, for facts.sh tells it in every run.
# Given: served_address served_port (what the camera dials; may be empty).
# shellcheck disable=SC2154 # the given values stand in the lines before this file

# socket_wanted UNIT: is its socket to be started by anything? Only then it is worth a question to systemd.
socket_wanted() {
  for link in /etc/systemd/system/*.wants/"$1.socket" /run/systemd/system/*.wants/"$1.socket"; do
    [ ! -L "$link" ] || return 0
  done
  return 1
}

# manager_word: of the sshd that find_sshd has found.
manager_word() {
  if [ -z "$ask_pid" ]; then
    if [ "$ask_kind" = socket ]; then printf socket; else printf none; fi
  elif is_unit; then
    unit=${ask_unit%.service}
    # An sshd on systemd's own socket ends at a reload; see sshd.sh.
    if socket_wanted "$unit" && systemctl -q is-active "$unit.socket"; then
      printf 'restart %s' "$unit"
    else
      printf 'reload %s' "$unit"
    fi
  elif is_init_sshd && has rc-service && rc-service -q sshd status >/dev/null 2>&1; then
    printf openrc
  elif is_init_sshd && has service && [ -x /etc/init.d/ssh ]; then
    printf service
  elif is_init_sshd; then
    printf pidfile
  else
    printf 'signal %s' "$ask_pid"
  fi
}

starter_word() {
  if systemd_runs; then
    for unit in ssh sshd; do
      for folder in /etc /run /usr/lib /lib; do
        if [ -e "$folder/systemd/system/$unit.service" ]; then
          printf 'unit %s' "$unit"
          return
        fi
      done
    done
  elif has rc-service; then
    printf openrc
    return
  elif has service && [ -x /etc/init.d/ssh ]; then
    printf service
    return
  fi
  printf program
}

manager() {
  find_sshd "$served_address" "$served_port" no
  emit way "$(manager_word)"
  emit end ok
}
