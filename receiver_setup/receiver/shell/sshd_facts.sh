# shellcheck shell=sh
# What sshd does now, and what it would do with our drop-in; nothing that lasts is touched.
# Given: routes (a list, one a line), dialled_address (or name) and dialled_port (both may be empty); for an account
# user, drop_in (a path), drop_in_text, may_differ (patterns), and its cameras as they stand in routes or names.
# shellcheck disable=SC2154 # the given values stand in the lines before this file

# ---- who is asked, and about which connection

# What the camera dials: as it was told, else this machine's address on its way to the first camera, and the port that
# we came in by. Sets $camera, $served_address, $served_port and $strict.
facts_dialled() {
  camera=${routes%%"$newline"*}
  camera=${camera%%'%'*}
  served_address=$dialled_address
  strict=no
  case $served_address in
    *[!0-9.:a-fA-F]*)
      if has getent; then
        read -r served_address _ <<ANSWER
$(getent ahosts "$dialled_address" 2>/dev/null </dev/null)
ANSWER
      fi
      ;;
  esac
  router=no
  if [ -n "$served_address" ]; then
    own=
    ! has ip || own=$(ip -o addr show 2>/dev/null | sed -n 's/.* inet6\{0,1\} \([^ /]*\).*/\1/p')
    # Another's address leads here by a router, if it does, and to a port that only the router knows.
    case "$newline$own$newline" in
      *"$newline$served_address$newline"*) ;;
      *)
        served_address=
        router=yes
        ;;
    esac
  fi
  # A camera on the machine that we run on is seen from here as we are.
  case $camera in
    127.* | ::1)
      # shellcheck disable=SC2086 # four words
      set -- ${RECEIVER_SETUP_CONNECTION-}
      camera=${1:-$camera}
      served_address=${served_address:-${3-}}
      ;;
  esac
  [ -n "$served_address" ] || served_address=$first_source
  served_port=
  [ "$router" = yes ] || served_port=$dialled_port
  if [ -n "$served_port" ]; then
    strict=yes
  else
    # shellcheck disable=SC2086 # four words
    set -- ${RECEIVER_SETUP_CONNECTION-}
    served_port=${4-}
    [ -n "$served_address" ] || served_address=${3-}
  fi
  served_address=${served_address%%'%'*}
}

# The server itself, whoever it is asked for.
facts_server() {
  facts_dialled
  prepare_run_directory
  find_sshd "$served_address" "$served_port" "$strict"
  emit listener "$ask_kind"
  facts_listeners
  if [ -z "$ask_exe" ]; then
    emit other_server "$(other_server)"
    return
  fi
  [ -n "$ask_kind" ] || emit other_server "$(other_server)"
  # A start of sshd takes longer than all else in here, so what it says of nobody in particular is asked beside that.
  if [ -z "$ask_unknown" ] && stage_room; then
    { answer_global && keys_on_disk; } &
    beside=$!
  fi
  emit sshd_path "$ask_exe"
  version=$("$ask_exe" -V 2>&1 </dev/null)
  emit sshd_version "$version"
  emit sshd_options "$ask_options"
  emit sshd_main "$ask_main"
  emit sshd_unknown "$ask_unknown"
  emit manager "$(manager_word)"
  emit starter "$(starter_word)"
  [ -z "$ask_text" ] || printf '%s\n' "$ask_text" | while IFS= read -r line; do emit line "$line"; done
  # Without a camera there is no connection to ask about: documentation's addresses (RFC 5737) are nobody's.
  connection=$(ask_connection "${camera:-192.0.2.1}" "${served_address:-192.0.2.2}")
  emit connection_asked "$connection"
  # Most configurations say the same of every address: then the first camera's answer is everybody's.
  by_address=no
  ! printf '%s\n' "$ask_text" | grep -qiE -e ':[0-9]+:[[:space:]]*"?match[[:space:]="].*(address|host|exec)' \
    -e 'sshd_config\.d/.*:[0-9]+:[[:space:]]*"?include[[:space:]="]' || by_address=yes
  [ -z "$ask_port" ] || emit served "$served_address $ask_port"
}

# Where sshd listens; and who else does where the camera is to dial.
facts_listeners() {
  printf '%s\n' "$ask_sockets" | while read -r _ place; do
    [ -z "$place" ] || emit sshd_socket "0: $place 00000000:0000 0A"
  done
  [ -z "$ask_socket" ] || emit unit_socket "$ask_socket_told"
  [ -z "${own-}" ] || emit own_addresses "$own"
  if [ -n "$served_port" ] && [ "$ask_kind" != socket ] && ! (ask_choose "$served_port" yes); then
    emit port_owner "$(owner_of_port "$served_port")"
  fi
}

# owner_of_port PORT: the program that listens there, at the address that the camera dials.
owner_of_port() {
  hex=$(printf '%04X' "$1")
  inodes=$(printf '%s' "$ask_all" | while read -r inode place; do
    [ "${place##*:}" != "$hex" ] || ! ask_takes "$place" || printf '%s\n' "$inode"
  done)
  [ -n "$inodes" ] || return 0
  # shellcheck disable=SC2012 # a link's name is what is wanted
  ls -l /proc/[0-9]*/fd 2>/dev/null | while read -r line; do
    case $line in
      /proc/*/fd:)
        process=${line#/proc/}
        process=${process%/fd:}
        ;;
      *'socket:['*']')
        inode=${line##*'socket:['}
        case "$newline$inodes$newline" in *"$newline${inode%]}$newline"*) ;; *) continue ;; esac
        cat "/proc/$process/comm" 2>/dev/null
        break
        ;;
    esac
  done
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

# ---- what it does now, and what it would do with our drop-in in its place

# stage_room: a folder for what is tried, once a script.
stage_room() {
  [ -n "${stage-}" ] || stage=$(mktemp -d /run/receiver-setup.XXXXXX 2>/dev/null || mktemp -d 2>/dev/null) || stage=
  [ -n "$stage" ]
}

# In a mount namespace of its own sshd sees the files that are tried in the places of the real ones: it reads what it
# would read, links and all, and an account that is yet to be made is there for `Match Group`.
may_mount() {
  [ -n "${mounts-}" ] || {
    mounts=no
    ! has unshare || ! unshare -m mount --bind "$stage" "$stage" 2>/dev/null </dev/null || mounts=yes
  }
  [ "$mounts" = yes ]
}

# tried OPTION…: ask sshd with what is staged in place of what is there.
tried() {
  # shellcheck disable=SC2016 # for the shell that it starts
  eval "unshare -m sh -c '"'
    for name in passwd group; do
      [ ! -f "$0/$name" ] || mount --bind "$0/$name" "/etc/$name" || exit 1
    done
    folder=$1
    shift
    [ -z "$folder" ] || mount --bind "$0/d" "$folder" || exit 1
    exec "$@"'"' \"\$stage\" \"\$folder_tried\" \"\$ask_exe\" $ask_options \"\$@\""
}

# stage_account: passwd and group as they will be, where the account is yet to be made.
stage_account() {
  [ ! -e "$stage/group" ] || rm -f "$stage/passwd" "$stage/group" "$stage/group.alone"
  if grep -q "^$user:" /etc/passwd || id "$user" >/dev/null 2>&1; then
    [ -n "$joins" ] && lacks_joins && cp /etc/group "$stage/group" && stage_joins
    return
  fi
  number=$(sed -n "s/^$user:[^:]*:\([0-9]*\):.*/\1/p" /etc/group)
  if [ -z "$number" ]; then
    number=999
    while grep -q ":$number:" /etc/passwd /etc/group; do number=$((number - 1)); done
  fi
  cp /etc/passwd "$stage/passwd" && cp /etc/group "$stage/group" || return 1
  printf '%s\n' "$user:x:$number:$number::$home:/usr/sbin/nologin" >>"$stage/passwd"
  grep -q "^$user:" "$stage/group" || printf '%s\n' "$user:x:$number:" >>"$stage/group"
  [ -z "$joins" ] || stage_joins
}

stage_joins() { cp "$stage/group" "$stage/group.alone" && in_each_join stage_join; }

# stage_folder: the folder of drop-ins with ours in it. The lines of $may_differ depend on what is known only later: the
# one that lets SHA-1 in, the one that brings a missing subsystem, those that only newer releases take.
stage_folder() {
  [ ! -e "$stage/d" ] || rm -rf "$stage/d"
  if [ "$(grep -v -e "$may_differ" "$drop_in" 2>/dev/null)" = "$drop_in_text" ]; then return 1; fi
  mkdir "$stage/d" || return 1
  ! may_mount || cp -RL "${drop_in%/*}/." "$stage/d" 2>/dev/null || :
  rm -f "$stage/d/${drop_in##*/}"
  printf '%s\n' "$drop_in_text" >"$stage/d/${drop_in##*/}"
}

# copy_configuration: where nothing can be mounted, a copy of the main file that includes the staged folder; the
# drop-ins beside ours are links there.
copy_configuration() {
  for file in "${drop_in%/*}"/*; do
    if [ "$file" != "$drop_in" ] && [ -f "$file" ]; then ln -sf "$file" "$stage/d/"; fi
  done
  sed '/^[[:space:]]*"\{0,1\}[Ii][Nn][Cc][Ll][Uu][Dd][Ee][[:space:]="]/{
      s#\([[:space:]="]\)/etc/ssh/sshd_config\.d/#\1'"$stage"'/d/#g
      s#\([[:space:]="]\)sshd_config\.d/#\1'"$stage"'/d/#g
    }' "$ask_main" >"$stage/sshd_config"
}

# In the background, beside what sshd says now.
answer_staged() {
  if may_mount; then
    folder_tried=${drop_in%/*}
    answer_of tried -T -C "$asked"
  else
    copy_configuration && answer_of ask_file "$stage/sshd_config" -T -C "$asked"
  fi >"$stage/staged" || : >"$stage/refused"
}

answer_now() {
  # shellcheck disable=SC2034 # tried goes by it
  folder_tried=
  if [ -f "$stage/group" ] && may_mount; then answer_of tried -T -C "$asked"; else answer_of ask -T -C "$asked"; fi
}

# Some rules let sshd answer nobody who asks about nobody; then it is asked about a user and addresses that no rule is
# about (RFC 5737).
answer_global() {
  answer_of ask -T 2>/dev/null >"$stage/global" ||
    answer_of ask -T -C 'user=receiver-setup.nobody,host=192.0.2.1,addr=192.0.2.1,laddr=192.0.2.2,lport=65535,rdomain=' \
      >"$stage/global" || : >"$stage/global"
}

# connection_from CAMERA: the whole connection of a camera, as it stands in routes or names.
connection_from() {
  known=$(printf '%s\n' "$resolved" | sed -n "s/^$1 //p")
  from=${known:-$1}
  # To it this machine may have another address of its own.
  own_address=$(printf '%s\n' "$sources" | sed -n "s/^$from //p")
  case $from in
    127.* | ::1)
      # shellcheck disable=SC2086 # four words
      set -- ${RECEIVER_SETUP_CONNECTION-}
      from=${1:-$from}
      own_address=${3-}
      ;;
  esac
  [ -z "$dialled_address" ] || own_address=
  ask_connection "${from%%'%'*}" "${own_address:-${served_address:-192.0.2.2}}"
}

# What sshd makes of the account's other cameras, where that is not what it makes of the first.
facts_by_camera() {
  [ "$by_address" = yes ] || return 0
  while IFS= read -r further; do
    [ -n "$further" ] || continue
    of_camera=$(connection_from "$further")
    [ "$of_camera" != "$connection" ] || continue
    asked="user=$user,$of_camera"
    effective=$(answer_now) || continue
    emit camera_asked "$further"
    emit camera_connection "$of_camera"
    emit camera_effective "$effective"
    rm -f "$stage/refused"
    if [ "$staged" = yes ]; then answer_staged; else : >"$stage/staged"; fi
    tried=$(cat "$stage/staged")
    problem=
    [ ! -f "$stage/refused" ] || problem=$tried
    emit camera_problem "$problem"
    emit camera_staged "$tried"
  done <<LIST
$cameras
LIST
}

# What sshd makes of the account, now and with our drop-in; and, once, of nobody in particular.
facts_effective() {
  if [ -z "$ask_exe" ] || [ -n "$ask_unknown" ] || ! stage_room; then return 0; fi
  asked="user=$user,$connection"
  [ ! -e "$stage/refused" ] || rm -f "$stage/refused"
  # One line of one drop-in brings sshd's sftp where it has none.
  [ -n "${accounts_asked-}" ] || emit first_account yes
  accounts_asked=yes
  # What groups an account will be in counts for `Match Group`; without a way to try that it is asked after useradd.
  if stage_account && ! may_mount; then emit groups_unknown yes; fi
  facts_sudo
  staged=no
  ! stage_folder || staged=yes
  [ "$staged" = no ] || answer_staged &
  staging=$!
  # -T tests all that -t does.
  if effective=$(answer_now); then
    emit sshd_test 0
  else
    emit sshd_test 1
    emit sshd_problem "$effective"
    effective=
  fi
  emit sshd_effective "$effective"
  [ "$staged" = no ] || wait "$staging"
  emit staged_folder "$stage"
  if [ -f "$stage/refused" ]; then
    emit staged_problem "$(cat "$stage/staged")"
  elif [ "$staged" = yes ]; then
    emit staged_effective "$(cat "$stage/staged")"
  fi
  [ -z "$effective" ] || facts_by_camera
}

facts_staged_end() {
  [ -z "${stage-}" ] || rm -rf "$stage"
}

# ---- host keys

# They are everybody's. What the private keys on the disk say is what sshd shows, unless it has read others before: a
# listener of 9.8 or newer keeps those that it had at its start. Then it is asked itself.
facts_host_keys() {
  if [ -z "$ask_exe" ] || ! stage_room; then return 0; fi
  if [ -n "${beside-}" ]; then
    wait "$beside"
    emit sshd_global "$(cat "$stage/global")"
  fi
  count=0
  { read -r count <"$stage/count"; } 2>/dev/null || :
  newer=$(newer_keys)
  [ -z "$newer" ] || printf '%s\n' "$newer" | while IFS= read -r path; do emit newer_key "$path"; done
  shown=
  if [ "$count" = 0 ] || [ -n "$newer" ]; then shown=$(keys_shown); fi
  each=0
  read_keys=
  while [ "$each" -lt "$count" ]; do
    each=$((each + 1))
    [ -s "$stage/key.$each" ] || continue
    read_keys=yes
    name=host_key
    [ -z "$shown" ] || name=disk_key
    IFS= read -r line <"$stage/key.$each"
    emit "$name" "$line"
  done
  [ -n "$shown$read_keys" ] || emit host_keys_unread yes
  [ -z "$shown" ] || printf '%s\n' "$shown" | while IFS= read -r line; do emit host_key "$line"; done
}

# keys_on_disk: a file for each of them.
keys_on_disk() {
  count=0
  agent=none
  while read -r keyword path; do
    case $keyword in
      [Hh][Oo][Ss][Tt][Kk][Ee][Yy])
        count=$((count + 1))
        printf '%s\n' "$path"
        ;;
      [Hh][Oo][Ss][Tt][Kk][Ee][Yy][Aa][Gg][Ee][Nn][Tt]) agent=$path ;;
    esac
  done <"$stage/global" >"$stage/hostkeys"
  each=0
  while IFS= read -r path; do
    each=$((each + 1))
    key_on_disk "$path" >"$stage/key.$each" &
  done <"$stage/hostkeys"
  wait
  printf '%s\n' "$count" >"$stage/count"
}

# key_on_disk PATH: sshd goes by the private key; a .pub beside it is a copy that somebody made, and stands for it
# only where an agent has the key, or nothing can read it.
key_on_disk() {
  if [ "$agent" = none ] && has ssh-keygen; then
    ssh-keygen -y -P '' -f "$1" 2>/dev/null </dev/null
    return
  fi
  cat "$1.pub" 2>/dev/null
}

# newer_keys: those that were written after the listener had started.
newer_keys() {
  [ "$ask_kind" = sshd ] && [ -s "$stage/hostkeys" ] || return 0
  case $version in *OpenSSH_[1-8].* | *OpenSSH_9.[0-7][!0-9]*) return 0 ;; esac
  ticks=$(started "$ask_pid") && booted=$(sed -n 's/^btime //p' /proc/stat) || return 0
  while IFS= read -r path; do
    written=$(stat -c %Z "$path" 2>/dev/null) || continue
    # The moment of the boot is told in whole seconds.
    [ "$written" -le "$((booted + ticks / 100 + 1))" ] || printf '%s\n' "$path"
  done <"$stage/hostkeys"
}

# What the listener shows, asked once a type, from this machine itself: sshd counts a connection without a login against
# its source, and that is neither the camera nor the administrator.
keys_shown() {
  if [ "$ask_kind" != sshd ] || ! has ssh-keyscan; then return 0; fi
  # At its own address alone: what answers elsewhere may be another machine.
  scanned=127.0.0.1
  case $ask_sockets in
    *"$ask_pid 00000000:"*) ;;
    *"$ask_pid 00000000000000000000000000000000:"*) scanned=::1 ;;
    *) scanned=$served_address ;;
  esac
  [ -n "$scanned" ] || return 0
  ssh-keyscan -T 5 -t ed25519,ecdsa,rsa -p "$ask_port" "$scanned" 2>/dev/null </dev/null |
    sed -n 's/^[^ #]* \([a-z]\)/\1/p' | sort
}
