#!/bin/sh
# What a person would script by hand for one camera, with ssh and curl: the same steps on the wire, nothing else.
#
#   by_hand.sh fresh|again one|each HOST PORT IDENTITY KNOWN_HOSTS CAMERA_URL RECEIVER
#
# `one`: one connection to the receiver for all commands, and one more to prove the login, as we do; `each`: a connection
# a command. (HOST, PORT) is what ssh dials, RECEIVER what the camera dials; its password stands in $CAMERA_PASSWORD.
set -eu

log_in() { # OPTION..., the script on standard input
  ssh -F none -p "$port" -i "$identity" -o IdentitiesOnly=yes -o BatchMode=yes \
    -o "UserKnownHostsFile=$known_hosts" "$@" "admin@$host" sudo sh -s
}

on_receiver() {
  if [ "$connections" = one ]; then
    log_in -o ControlMaster=auto -o "ControlPath=$control" -o ControlPersist=60
  else
    log_in
  fi
}

hang_up() {
  [ ! -S "$control" ] || ssh -F none -o "ControlPath=$control" -O exit "admin@$host" 2>/dev/null
}

on_camera() {
  curl -sS -K - "$camera/param.cgi?$1" <<CONFIG
user = "admin:$CAMERA_PASSWORD"
CONFIG
}

fresh() {
  on_camera cmd=getftpattr >/dev/null
  key=$(on_camera cmd=getpubkey | sed -n 's/^publickey="\(.*\)";.*/\1/p')
  on_receiver <<SCRIPT >/dev/null
cat /etc/ssh/ssh_host_*_key.pub; ip -o route get 10.99.0.1; sshd -t; sshd -T -C user=ipcamera,host=x,addr=192.0.2.1
SCRIPT
  on_receiver <<SCRIPT >/dev/null
set -e
useradd --system --user-group --no-create-home --home-dir /home/ipcamera --shell /usr/sbin/nologin --password '*' ipcamera
mkdir -p /home/ipcamera/recordings /etc/ssh/authorized_keys.d
chown ipcamera: /home/ipcamera/recordings && chmod 750 /home/ipcamera/recordings
printf 'restrict %s\n' '$key' >/etc/ssh/authorized_keys.d/ipcamera
cat >/etc/ssh/sshd_config.d/00-camera.conf <<DROP
Match User ipcamera
    ChrootDirectory /home/ipcamera
    ForceCommand internal-sftp
    AuthenticationMethods publickey
    AuthorizedKeysFile /etc/ssh/authorized_keys.d/%u
    DisableForwarding yes
DROP
sshd -t
sshd -T -C user=ipcamera,host=x,addr=192.0.2.1 | grep -qx 'chrootdirectory /home/ipcamera'
was=\$(stat -c %z /run/sshd.pid)
service ssh reload
# sshd writes its pid file anew once it listens again.
for _ in \$(seq 500); do
  now=\$(stat -c %z /run/sshd.pid 2>/dev/null) && [ -s /run/sshd.pid ] && [ "\$now" != "\$was" ] && break
  sleep 0.01
done
SCRIPT
  log_in </dev/null
  on_camera "cmd=setftpattr&ft_server=$receiver&ft_port=22&ft_username=ipcamera&ft_dirname=recordings&ft_ssl=2&ft_insecure=1" >/dev/null
  host_key=$(on_camera cmd=testftp | sed -n 's/^hostkey="\(.*\)";.*/\1/p' | sed 's/+/%2B/g; s/=/%3D/g; s,/,%2F,g')
  on_camera "cmd=testftp&sethost=$host_key" >/dev/null
  on_camera "cmd=setftpattr&ft_insecure=0" >/dev/null
  prove
}

prove() {
  on_camera cmd=testftp | grep -q 'result="0"'
  on_receiver <<SCRIPT >/dev/null
find /home/ipcamera/recordings -type f -cmin -2 | grep -q . && grep -q 'Accepted publickey for ipcamera' /var/log/sshd.log
SCRIPT
}

again() {
  on_camera cmd=getftpattr | grep -q 'ft_insecure="0"'
  on_receiver <<SCRIPT >/dev/null
cat /etc/ssh/ssh_host_*_key.pub /etc/ssh/authorized_keys.d/ipcamera /etc/ssh/sshd_config.d/00-camera.conf
sshd -t; sshd -T -C user=ipcamera,host=x,addr=192.0.2.1
SCRIPT
  prove
}

main() {
  step=$1 connections=$2 host=$3 port=$4 identity=$5 known_hosts=$6 camera=$7 receiver=$8
  control=${identity%/*}/by-hand
  trap hang_up EXIT
  "$step"
}

main "$@"
