#!/bin/bash
# Turn a fresh tree into a receiver with an administrator, host keys and sshd; then be its PID 1, or systemd.
#
# Environment: RX_ADMIN_KEY  a public key line      RX_HOST_KEYS  key types, separated by spaces
#              RX_SUDO       nopasswd, password, none
#              RX_SSHD_CONFIG  lines to append      RX_LOG        yes: sshd's log in /var/log/sshd.log
#              RX_CGROUP     not empty: make systemd PID 1, sshd its ssh.service, the log its journal
# fd 3:        a line with the administrator's password, may be empty; the receiver ends at the end of file
# stdout:      "admin NAME" (the administrator), "key LINE" for each public host key, "ready"
set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root

# Keep only system accounts, without passwords: the tree may be that of a machine with users.
forget_people() {
  local file
  for file in passwd group; do
    awk -F: '($3 < 1000 || $3 == 65534) && $1 != "admin"' "/etc/$file" >"/run/$file"
    cat "/run/$file" >"/etc/$file"
  done
  rm -f /etc/shadow /etc/gshadow /etc/nologin /etc/hosts.allow /etc/hosts.deny
  (
    umask 077
    sed 's/:.*/:*:19000:0:99999:7:::/' /etc/passwd >/etc/shadow
    sed 's/:.*/:*::/' /etc/group >/etc/gshadow
  )
  : >/etc/subuid
  : >/etc/subgid
}

# Empty a directory instead of removing it, which needs extended attributes that root of a user namespace may not set
# on an overlay's tmpfs before Linux 6.6.
make_empty() { # DIRECTORY MODE
  mkdir -p "$1"
  find "$1" -mindepth 1 -delete
  chmod "$2" "$1"
}

put_key() { # USER HOME
  install -d -m 700 -o "$1" -g "$1" "$2/.ssh"
  printf '%s\n' "$RX_ADMIN_KEY" >"$2/.ssh/authorized_keys"
  chown "$1:$1" "$2/.ssh/authorized_keys"
  chmod 600 "$2/.ssh/authorized_keys"
}

make_admin() {
  local password
  useradd --create-home --shell /bin/bash --user-group --password '*' admin
  IFS= read -r password <&3
  if [ -n "$password" ]; then
    printf 'admin:%s\n' "$password" | chpasswd
  fi
  put_key admin /home/admin
  put_key root /root
}

make_sudo() {
  if [ "$RX_SUDO" != none ] && ! command -v sudo >/dev/null; then
    echo "admin root"
    return
  fi
  rm -f /etc/sudoers
  make_empty /etc/sudoers.d 750
  {
    echo 'Defaults env_reset'
    echo "Defaults secure_path=\"$PATH\""
    echo 'root ALL=(ALL:ALL) ALL'
    case $RX_SUDO in
      nopasswd) echo 'admin ALL=(ALL:ALL) NOPASSWD: ALL' ;;
      password) echo 'admin ALL=(ALL:ALL) ALL' ;;
    esac
    echo '#includedir /etc/sudoers.d'
  } >/etc/sudoers
  chmod 440 /etc/sudoers
  echo "admin admin"
}

make_sshd() {
  local kind
  rm -rf /etc/ssh/ssh_host_* /etc/ssh/authorized_keys.d
  make_empty /etc/ssh/sshd_config.d 755
  if [ -f /usr/share/openssh/sshd_config ]; then # the distribution's own, not the machine's
    cat /usr/share/openssh/sshd_config >/etc/ssh/sshd_config
  fi
  printf '%s\n' "$RX_SSHD_CONFIG" >>/etc/ssh/sshd_config
  for kind in $RX_HOST_KEYS; do
    ssh-keygen -q -t "$kind" -N '' -C '' -f "/etc/ssh/ssh_host_${kind}_key"
    echo "key $(cat "/etc/ssh/ssh_host_${kind}_key.pub")"
  done
}

start_sshd() {
  local sshd
  sshd=$(command -v sshd)
  if [ "$RX_LOG" = yes ]; then
    if env -i PATH="$PATH" "$sshd" -E /var/log/sshd.log; then return; fi
    cat /var/log/sshd.log >&2
    return 1
  else
    env -i PATH="$PATH" "$sshd"
  fi
}

mask() { ln -sf /dev/null "/etc/systemd/$1/${2##*/}"; }

# Only what sshd, its journal and systemctl need: nothing of the machine's own configuration, no hardware detection, no
# other services.
make_units() {
  local path
  rm -rf /etc/systemd/system /etc/systemd/system-generators /etc/systemd/journald.conf.d /var/log/journal
  mkdir -p /etc/systemd/system /etc/systemd/system-generators /etc/systemd/journald.conf.d
  printf '[Journal]\nStorage=volatile\nForwardToSyslog=no\n' >/etc/systemd/journald.conf.d/receiver.conf
  for path in /{usr/,}lib/systemd/system-generators/*; do mask system-generators "$path"; done
  for path in /{usr/,}lib/systemd/system/*.{wants,requires}/*; do
    case ${path##*/} in
      dbus.service | dbus.socket) ;;
      systemd-journald.* | systemd-journald-dev-log.socket) if [ "$RX_LOG" != yes ]; then mask system "$path"; fi ;;
      *) mask system "$path" ;;
    esac
  done
  SYSTEMCTL_SKIP_SYSV=1 systemctl --quiet enable ssh.service
  tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
}

start_systemd() {
  local systemd=/usr/lib/systemd/systemd
  if [ ! -x "$systemd" ]; then systemd=/lib/systemd/systemd; fi
  make_units
  rmdir /run/sshd # ssh.service makes its own
  echo ready
  # container= keeps it from the machine's clock, console and modules.
  exec env -i container=lxc RX_NAME="$RX_NAME" PATH="$PATH" \
    "$systemd" --show-status=0 --log-target=journal --unit=multi-user.target 3<&- >/dev/null 2>&1
}

main() {
  umount -l /run/outside
  rmdir /run/outside
  forget_people
  make_admin
  make_sudo
  make_sshd
  if [ -n "$RX_CGROUP" ]; then
    "$(command -v sshd)" -t
    start_systemd
  fi
  start_sshd
  echo ready
  exec >/dev/null 2>&1
  read -r _ <&3 || : # bash collects orphans while it waits; dash would leave zombies
}

main "$@"
