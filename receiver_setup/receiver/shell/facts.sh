#!/bin/sh
# Read all that a plan needs, in one trip, and change nothing.
# Given: user home key_file drop_in journal state (paths), recordings, directories and routes (lists, one a line), minutes.
# shellcheck disable=SC2154 # the given values stand in the lines before this file

facts_system() {
  emit now "$(clock)"
  emit hostname "$(cat /proc/sys/kernel/hostname 2>/dev/null)"
  [ ! -r /etc/os-release ] || emit_file os_release /etc/os-release
  emit connection "${RECEIVER_SETUP_CONNECTION-}"
  tools=
  for tool in useradd userdel usermod adduser deluser chpasswd ip journalctl restorecon; do
    ! has "$tool" || tools="$tools $tool"
  done
  emit tools "$tools"
  for shell in /usr/sbin/nologin /sbin/nologin /usr/bin/nologin /bin/false; do
    if [ -x "$shell" ]; then
      emit nologin "$shell"
      break
    fi
  done
}

# The password field is told as a word; the hash itself never leaves the receiver.
facts_account() {
  emit passwd "$(getent passwd "$user" 2>/dev/null || grep -s "^$user:" /etc/passwd)"
  emit groups "$(id -Gn "$user" 2>/dev/null)"
  emit group "$(getent group "$user" 2>/dev/null || grep -s "^$user:" /etc/group)"
  word=unknown
  while IFS=: read -r name field _; do
    [ "$name" = "$user" ] || continue
    case $field in
      '*'*) word=none ;;
      '!'*) word=locked ;;
      '') word=empty ;;
      *) word='set' ;;
    esac
  done 2>/dev/null </etc/shadow
  emit password "$word"
}

# The state of every path that matters and of all above it, by one stat: a Pi starts few processes a second.
facts_paths() {
  set -- "$key_file" "${key_file%/*}" "$drop_in" "${drop_in%/*}" "$state" /
  path=$home
  while [ -n "$path" ]; do
    set -- "$@" "$path"
    path=${path%/*}
  done
  while IFS= read -r path; do
    while [ "${path#"$home"/}" != "$path" ]; do
      set -- "$@" "$path"
      path=${path%/*}
    done
  done <<LIST
$directories
LIST
  stat -c '%F|%a|%u|%g|%U|%G|%n' "$@" 2>/dev/null | while IFS= read -r line; do emit stat "$line"; done
  for path in "$key_file" "$drop_in"; do
    if [ -f "$path" ] && [ ! -L "$path" ]; then
      emit file_path "$path"
      emit_file file_bytes "$path"
    fi
  done
}

facts_sshd() {
  sshd=$(sshd_path) || return 0
  emit sshd_path "$sshd"
  emit sshd_version "$("$sshd" -V 2>&1 </dev/null)"
  prepare_run_directory
  # -T tests all that -t does, and one start of sshd takes longer than all else in here.
  if effective=$("$sshd" -T -C "user=$user,host=receiver-setup.invalid,addr=192.0.2.1" 2>/dev/null); then
    emit sshd_test 0
  else
    emit sshd_test 1
    emit sshd_problem "$("$sshd" -t 2>&1 || "$sshd" -T -C "user=$user,host=receiver-setup.invalid,addr=192.0.2.1" 2>&1)"
    effective=
  fi
  emit sshd_effective "$effective"
  printf '%s\n' "$effective" | while read -r keyword value; do
    [ "$keyword" = hostkey ] || continue
    if [ -r "$value.pub" ]; then
      emit host_key "$(cat "$value.pub")"
    elif [ -r "$value" ] && has ssh-keygen; then
      emit host_key "$(ssh-keygen -y -f "$value" 2>/dev/null </dev/null)"
    fi
  done
  emit sshd_pid "$(sshd_pid)"
  if systemd_runs; then emit init systemd; else emit init other; fi
}

facts_routes() {
  printf '%s\n' "$routes" | while IFS= read -r target; do
    [ -n "$target" ] || continue
    ! has ip || emit route "$target $(ip -o route get "$target" 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/\1/p')"
  done
}

facts_logs() {
  log_sources | while IFS= read -r path; do
    emit log "$path $(wc -c <"$path" 2>/dev/null)"
  done
}

facts_before() {
  recent_files | while IFS= read -r file; do emit before "$(file_identity "$file")"; done
}

facts() {
  facts_journal
  facts_system
  facts_account
  facts_ledger
  facts_adoption
  facts_removal
  facts_paths
  facts_sshd
  facts_routes
  facts_logs
  facts_before
  emit end ok
}
