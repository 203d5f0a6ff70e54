#!/bin/sh
# What sshd does now, and what it would do with our drop-in; nothing that lasts is touched.
# Given: routes (a list, one a line); for an account user, drop_in (a path) and drop_in_text.
# shellcheck disable=SC2154 # the given values stand in the lines before this file

# The configuration that sshd reads; openSUSE keeps its own below /usr until somebody makes another.
sshd_main() {
  for main in /etc/ssh/sshd_config /usr/etc/ssh/sshd_config; do
    [ ! -f "$main" ] || return 0
  done
  return 1
}

# stage_configuration: a copy of the configuration with our drop-in in its place, in $stage; the rest are links.
stage_configuration() {
  stage=
  # The line that lets SHA-1 in is the one that may differ: whether it stays is known only later.
  [ "$(grep -v -e '+ssh-rsa$' "$drop_in" 2>/dev/null)" != "$drop_in_text" ] && sshd_main || return 1
  stage=$(mktemp -d /run/receiver-setup.XXXXXX 2>/dev/null || mktemp -d 2>/dev/null) || return 1
  mkdir "$stage/d"
  own=${drop_in##*/}
  set --
  for file in "${drop_in%/*}"/*; do
    # Never a link in place of ours: it would be written through.
    if [ "${file##*/}" != "$own" ] && [ -f "$file" ]; then set -- "$@" "$file"; fi
  done
  { [ $# = 0 ] || ln -s "$@" "$stage/d/"; } && printf '%s\n' "$drop_in_text" >"$stage/d/$own" &&
    sed '/^[[:space:]]*"\{0,1\}[Ii][Nn][Cc][Ll][Uu][Dd][Ee][[:space:]="]/{
      s#\([[:space:]="]\)/etc/ssh/sshd_config\.d/#\1'"$stage"'/d/#g
      s#\([[:space:]="]\)sshd_config\.d/#\1'"$stage"'/d/#g
    }' "$main" >"$stage/sshd_config"
}

# staged_sshd: in the background, because a start of sshd takes longer than all else in here.
staged_sshd() {
  "$sshd" -T -f "$stage/sshd_config" -C "$asked" >"$stage/effective" 2>"$stage/problem" </dev/null || : >"$stage/refused"
}

facts_staged() {
  if [ -f "$stage/refused" ]; then
    emit staged_folder "$stage"
    emit staged_problem "$(cat "$stage/problem")"
  elif [ -n "$stage" ]; then
    emit staged_effective "$(cat "$stage/effective")"
  fi
  [ -z "$stage" ] || rm -rf "$stage"
}

# What answers here instead of OpenSSH: a server that runs, or at least is installed.
other_server() {
  for name in dropbear tinysshd; do
    for file in /proc/[0-9]*/comm; do
      read -r comm 2>/dev/null <"$file" || continue
      if [ "$comm" = "$name" ]; then
        printf '%s runs' "$name"
        return
      fi
    done
  done
  for name in dropbear tinysshd; do
    if has "$name"; then
      printf '%s is installed' "$name"
      return
    fi
  done
}

# listener: sshd itself, or a socket of systemd's that starts it; nothing else brings a new configuration into use.
listener() {
  if [ -n "$(sshd_pid)" ]; then
    printf sshd
  elif systemd_runs && { systemctl -q is-active ssh.socket || systemctl -q is-active sshd.socket; }; then
    printf socket
  fi
}

# The server itself, whoever it is asked for.
facts_server() {
  if ! sshd=$(sshd_path); then
    sshd=
    emit other_server "$(other_server)"
    return
  fi
  emit sshd_path "$sshd"
  emit sshd_version "$("$sshd" -V 2>&1 </dev/null)"
  prepare_run_directory
  grep -nHv -e '^[[:space:]]*#' -e '^[[:space:]]*$' /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf 2>/dev/null |
    while IFS= read -r line; do emit line "$line"; done
  server=$(listener)
  emit listener "$server"
  emit manager "$(manager_word)"
  emit starter "$(starter_word)"
  [ -n "$server" ] || emit other_server "$(other_server)"
}

# What sshd makes of the account, now and with our drop-in.
facts_effective() {
  [ -n "$sshd" ] || return 0
  # As one of the cameras comes in, so that rules by address are asked for it.
  address=${routes%%"$newline"*}
  address=${address%%'%'*}
  asked="user=$user,host=receiver-setup.invalid,addr=${address:-192.0.2.1}"
  if stage_configuration; then
    staged_sshd &
  elif [ -n "$stage" ]; then
    rm -rf "$stage"
    stage=
  fi
  # -T tests all that -t does.
  if effective=$("$sshd" -T -C "$asked" 2>/dev/null); then
    emit sshd_test 0
  else
    emit sshd_test 1
    emit sshd_problem "$("$sshd" -t 2>&1 || "$sshd" -T -C "$asked" 2>&1)"
    effective=
  fi
  emit sshd_effective "$effective"
  wait
  facts_staged
}

# They are everybody's, so whichever account was asked for last will do.
facts_host_keys() {
  printf '%s\n' "${effective-}" | while read -r keyword value; do
    [ "$keyword" = hostkey ] || continue
    if [ -r "$value.pub" ]; then
      emit host_key "$(cat "$value.pub")"
    elif [ -r "$value" ] && has ssh-keygen; then
      emit host_key "$(ssh-keygen -y -f "$value" 2>/dev/null </dev/null)"
    fi
  done
}
