# shellcheck shell=sh
# The groups that the upload account is to join: whether they are there, and whether they make an administrator.
# Given: user and joins (a list, one a line). Changes nothing.
# shellcheck disable=SC2154 # the given values stand in the lines before this file

facts_groups() {
  [ -n "$joins" ] || return 0
  while IFS= read -r line; do
    case "$newline$joins$newline" in *"$newline${line%%:*}$newline"*) emit local_group "$line" ;; esac
  done 2>/dev/null </etc/group
  emit sudoers "$(grep -hs '[%:]' /etc/sudoers /etc/sudoers.d/* /etc/doas.conf /etc/doas.d/*.conf </dev/null)"
}

# in_each_join COMMAND: with $join as each group.
in_each_join() {
  while IFS= read -r join; do
    [ -z "$join" ] || "$@"
  done <<LIST
$joins
LIST
}

# is_member GROUP USER: by what /etc/group says.
is_member() {
  while IFS=: read -r name _ _ members; do
    if [ "$name" = "$1" ]; then
      case ",$members," in *",$2,"*) return 0 ;; esac
      return 1
    fi
  done </etc/group
  return 1
}

missing_join() { is_member "$join" "$user" || lacking=yes; }
lacks_joins() {
  lacking=no
  in_each_join missing_join
  [ "$lacking" = yes ]
}

# stage_join: the copy of /etc/group with the account in $join. A dot in its name is one for sed.
stage_join() {
  pattern=$(printf '%s' "$join" | sed 's/[.]/\\./g')
  sed -e "/^$pattern:/{" -e "s/:\$/:$user/" -e t -e "s/\$/,$user/" -e '}' "$stage/group" >"$stage/group.new" &&
    mv "$stage/group.new" "$stage/group"
}

# What sudo itself says, asked with and without these groups where the account can be tried: a rule for everybody is
# no matter of theirs. $stage/group.alone is the copy without them.
facts_sudo() {
  if [ -z "$joins" ] || ! has sudo || [ ! -f "$stage/group.alone" ] || ! may_mount; then return 0; fi
  with=$(sudo_as "$stage/group")
  [ "$with" = "$(sudo_as "$stage/group.alone")" ] || emit sudo_list "$with"
}

sudo_as() {
  # shellcheck disable=SC2016 # for the shell that it starts
  unshare -m sh -c '
    mount --bind "$1" /etc/group || exit 1
    [ ! -f "$2" ] || mount --bind "$2" /etc/passwd || exit 1
    exec sudo -n -l -U "$3"' - "$1" "$stage/passwd" "$user" 2>&1 </dev/null
}
