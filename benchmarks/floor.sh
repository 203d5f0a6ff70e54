#!/bin/bash
# The least that does the job for one camera: what somebody who has done it before would script, with one connection to
# the receiver and curl. It checks nothing, takes nothing back and does not prove that the administrator still gets in.
#
#   floor.sh HOST PORT IDENTITY KNOWN_HOSTS CAMERA_URL RECEIVER
#
# (HOST, PORT) is what ssh dials, RECEIVER what the camera dials; its password stands in $CAMERA_PASSWORD.
set -eu

on_receiver() {
  ssh -F none -p "$port" -i "$identity" -o IdentitiesOnly=yes -o BatchMode=yes -o "UserKnownHostsFile=$known_hosts" \
    -o ControlMaster=auto -o "ControlPath=$control" -o ControlPersist=5 "$@"
}

on_camera() { curl -s -u "admin:$CAMERA_PASSWORD" "$camera/param.cgi?$1"; }

field() { sed -n "s/^$1=\"\(.*\)\";\r*$/\1/p"; }

url_encoded() { printf %s "$1" | sed 's/+/%2B/g; s/\//%2F/g; s/=/%3D/g'; }

main() {
  host=$1 port=$2 identity=$3 known_hosts=$4 camera=$5 receiver=$6
  control=${identity%/*}/floor
  home=/home/ipcamera
  on_camera cmd=getftpattr >/dev/null
  key=$(on_camera cmd=getpubkey | field publickey)
  on_receiver "admin@$host" 'sudo sh -s' <<SCRIPT >/dev/null
set -e
id ipcamera >/dev/null 2>&1 || { useradd -m -s /usr/sbin/nologin ipcamera; usermod -p '*' ipcamera; }
install -d -o root -g root -m 755 $home $home/.ssh; install -d -o ipcamera -g ipcamera -m 750 $home/recordings
printf '%s\n' 'restrict $key' >$home/.ssh/authorized_keys; chmod 644 $home/.ssh/authorized_keys
printf 'Match User ipcamera\n ChrootDirectory $home\n ForceCommand internal-sftp\n PasswordAuthentication no\nMatch all\n' \
  >/etc/ssh/sshd_config.d/60-ipcamera.conf
/usr/sbin/sshd -t && kill -HUP \$(cat /run/sshd.pid); cat /etc/ssh/ssh_host_ed25519_key.pub
SCRIPT
  on_camera "cmd=setftpattr&ft_server=$receiver&ft_port=22&ft_username=ipcamera&ft_dirname=recordings&ft_ssl=2&ft_insecure=1" >/dev/null
  host_key=$(on_camera cmd=testftp | field hostkey)
  on_camera "cmd=testftp&sethost=$(url_encoded "$host_key")" >/dev/null
  on_camera "cmd=setftpattr&ft_insecure=0" >/dev/null
  result=$(on_camera cmd=testftp | field result)
  on_receiver "admin@$host" "sudo ls $home/recordings; sudo tail -n 20 /var/log/sshd.log | grep -c 'Accepted publickey for ipcamera'" >/dev/null
  on_receiver -O exit "admin@$host" 2>/dev/null
  [ "$result" = 0 ]
}

main "$@"
