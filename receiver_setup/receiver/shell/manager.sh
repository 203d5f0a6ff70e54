#!/bin/sh
# Tell by whom sshd is started and made to read its configuration anew, as sshd.sh does it, for a person who does it
# by hand. It starts as few processes as it can, for facts.sh tells it in every run.

# sshd_unit PID: the unit of systemd's that a process belongs to, ssh or sshd; nothing for another one.
sshd_unit() {
  while read -r line; do
    case $line in
      */ssh.service) printf ssh && return ;;
      */sshd.service) printf sshd && return ;;
    esac
  done 2>/dev/null <"/proc/$1/cgroup"
}

# socket_wanted UNIT: is its socket to be started by anything? Only then it is worth a question to systemd.
socket_wanted() {
  for link in /etc/systemd/system/*.wants/"$1.socket" /run/systemd/system/*.wants/"$1.socket"; do
    [ ! -L "$link" ] || return 0
  done
  return 1
}

manager_word() {
  server=$(sshd_pid)
  if [ -z "$server" ]; then
    if socket_activated; then printf socket; else printf none; fi
    return
  fi
  if systemd_runs; then
    unit=$(sshd_unit "$server")
    if [ -n "$unit" ]; then
      # An sshd on systemd's own socket ends at a reload; see sshd.sh.
      if socket_wanted "$unit" && systemctl -q is-active "$unit.socket"; then
        printf 'restart %s' "$unit"
      else
        printf 'reload %s' "$unit"
      fi
      return
    fi
  elif has rc-service && rc-service -q sshd status >/dev/null 2>&1; then
    printf openrc
    return
  elif [ -r /run/sshd.pid ]; then
    if has service && [ -x /etc/init.d/ssh ]; then printf service; else printf pidfile; fi
    return
  fi
  printf 'signal %s' "$server"
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
  emit way "$(manager_word)"
  emit end ok
}
