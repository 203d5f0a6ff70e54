# shellcheck shell=sh
# Root's hands: how root enters folders, makes them, gives them an owner and deletes them. Other accounts may own a
# folder on the way and plant a link there at any moment, so a path that was looked at proves nothing: root goes into
# a folder, asks the kernel where it is then, and acts on "." or on one name in it.
# Given: home (the account's own; what is above it is root's).
# shellcheck disable=SC2154 # the given values stand in the lines before this file

# here: where the kernel says that we are. A shell's own idea of it may be a path that it looked up earlier.
here() { readlink /proc/self/cwd; }

# enter PATH: go there, and nowhere else. Below the home no link is followed; elsewhere links of root's own are. Call
# it in a subshell; it prints why it did not.
enter() {
  case $1 in
    "$home"/*)
      reached=$(enter "$home" >/dev/null && here) &&
        cd "$1" 2>/dev/null && [ "$(here)" = "$reached${1#"$home"}" ]
      ;;
    *) { cd "$1" 2>/dev/null && [ "$(here)" = "$1" ]; } || enter_by_links "$1" ;;
  esac || {
    printf '%s is not the directory that it seems to be: a link stands in its way' "$1"
    return 1
  }
}

# enter_by_links PATH: step by step, and by a link only from a folder that nobody but root can have put it into.
enter_by_links() {
  reached=
  ahead=$1
  steps=0
  cd / || return 1
  while :; do
    while [ "${ahead#/}" != "$ahead" ]; do ahead=${ahead#/}; done
    [ -n "$ahead" ] || return 0
    part=${ahead%%/*}
    ahead=${ahead#"$part"}
    steps=$((steps + 1))
    [ "$steps" -le 100 ] || return 1
    case $part in
      .) continue ;;
      ..) reached=${reached%/*} ;;
      *)
        if [ -L "./$part" ]; then
          roots_alone "$reached" || return 1
          target=$(readlink "./$part") || return 1
          case $target in /*) reached= ;; esac
          ahead=$target/$ahead
        else
          reached=$reached/$part
        fi
        ;;
    esac
    cd "${reached:-/}" 2>/dev/null && [ "$(here)" = "${reached:-/}" ] || return 1
  done
}

# roots_alone PATH: are this folder and all above it root's, and can nobody else write to any of them?
roots_alone() {
  above=$1
  set -- /
  while [ -n "$above" ]; do
    set -- "$@" "$above"
    above=${above%/*}
  done
  states=$(stat -c '%u %a' "$@") || return 1
  ! printf '%s\n' "$states" | grep -qv '^0 [0-7]*[0145][0145]$'
}

enter_parent() {
  parent=${1%/*}
  enter "${parent:-/}"
}

# own_folder PATH OWNER MODE
own_folder() (
  enter "$1" && chown "$2" . && chmod "$3" . || return 1
  ! has restorecon || restorecon . 2>/dev/null || :
)

# own_file PATH OWNER MODE: of a file in a folder of root's own, where nobody else can put anything in its place. A file
# with another name somewhere else is left alone: it may be somebody else's as well.
own_file() (
  enter_parent "$1" || return 1
  name=./${1##*/}
  case $(stat -c '%u %a' .) in '0 '*[0145][0145]) ;; *)
    printf 'somebody else can write to its folder'
    return 1
    ;;
  esac
  [ "$(stat -c '%F %h' "$name" | sed 's/ empty//')" = 'regular file 1' ] || {
    printf 'it is no file with this name alone'
    return 1
  }
  chown -h "$2" "$name" && chmod "$3" "$name"
)

make_folder() (enter_parent "$1" && { [ -d "./${1##*/}" ] || mkdir -m 0700 "./${1##*/}"; })

# new_folders OWNER MODE PATH…: all in one folder. They are made where nobody else can get at them, and then put there.
new_folders() (
  new_owner=$1
  new_mode=$2
  shift 2
  enter_parent "$1" || return 1
  for path in "$@"; do
    shift
    set -- "$@" "./${path##*/}"
  done
  place=$(here)
  staging=$(mktemp -d ./.receiver-setup.XXXXXX) || return 1
  # In a shell of its own, so that this one stays in the folder, whatever is moved.
  (
    cd "$staging" && [ "$(here)" = "${place%/}/${staging#./}" ] || exit 1
    mkdir -m "$new_mode" "$@" && chown "$new_owner" "$@" && chmod "$new_mode" "$@" && mv "$@" ../
  ) && rmdir "$staging" || return 1
  ! has restorecon || restorecon "$@" 2>/dev/null || :
)

# drop_staging: in the folder that we are in, what a making of folders that was cut off has left.
drop_staging() {
  for staging in ./.receiver-setup.*; do
    if [ -L "$staging" ] || [ ! -d "$staging" ]; then continue; fi
    (step_into "$staging" && rmdir ./* 2>/dev/null)
    rmdir "$staging" 2>/dev/null || :
  done
}

# put_file SOURCE PATH: a copy beside it, then a rename; nobody ever reads half a file. In root's own folders.
put_file() {
  temporary=$(mktemp "${2%/*}/.receiver-setup.XXXXXX") && cp -Pp "$1" "$temporary" && mv -f "$temporary" "$2" && return 0
  rm -f "$temporary"
  return 1
}

# drop_temporaries PATH: what a write that was cut off has left beside it.
drop_temporaries() { rm -f "${1%/*}"/.receiver-setup.*; }

# step_into ./NAME: into a folder in the one that we are in, however long the path has become; call it in a subshell.
step_into() {
  was=$(stat -c %d:%i "$1")
  { cd -P "$1" || cd "$1"; } 2>/dev/null && [ "$(stat -c %d:%i .)" = "$was" ]
}

# in_each_folder COMMAND…: in the folder that we are in, and in each below it on the same mount.
in_each_folder() (
  "$@" || return 1
  mount=$(mount_here)
  result=0
  for entry in ./* ./.[!.]* ./..?*; do
    if [ -L "$entry" ] || [ ! -d "$entry" ]; then continue; fi
    (
      step_into "$entry" && [ "$(mount_here)" = "$mount" ] || exit 0
      in_each_folder "$@"
    ) || result=1
  done
  return "$result"
)

# those_of UID:GID ACTION…: what these own in the folder that we are in; no links, and no files with another name, which
# may be somebody else's as well.
those_of() {
  owned=$1
  shift
  find . -mindepth 1 -maxdepth 1 -user "${owned%:*}" -group "${owned#*:}" \( -type d -o -type f -links 1 \) "$@"
}

# note_owners FILE UID:GID…: whose is what in the folder that we are in; FILE is the beginning of a path.
note_owners() {
  place=$1.$(stat -c %d:%i .)
  shift
  for pair in "$@"; do
    those_of "$pair" -print0 >"$place.$pair" || return 1
    [ -s "$place.$pair" ] || rm -f "$place.$pair"
  done
}

# only_from OWNER[:GROUP]: the option by which chown asks the file that it has open whose that is, so that one that was
# put in its place keeps its owner. Without it, as in busybox, links alone are left.
only_from() { if chown --help 2>&1 | grep -q -e --from; then printf '%s' "--from=$1"; else printf '%s' -h; fi; }

# give_to USER UID:GID…
give_to() {
  receiver=$1
  shift
  for pair in "$@"; do those_of "$pair" -exec chown "$(only_from "$pair")" "$receiver:" {} + || return 1; done
}

# take_from FILE UID:GID…: the way back.
take_from() {
  place=$1.$(stat -c %d:%i .)
  shift
  for pair in "$@"; do
    [ ! -e "$place.$pair" ] || xargs -0 chown "$(only_from "$user")" "$pair" <"$place.$pair" 2>/dev/null || :
  done
}

# undo_given PATH UID:GID…
undo_given() (
  [ -d "$1" ] || return 0
  enter "$1" || return 1
  shift
  in_each_folder take_from "$journal/given.$user" "$@"
)

# ---- what is mounted

# mount_points: one a line, as they are written.
mount_points() {
  while read -r _ _ _ _ point _; do
    case $point in *\\*) point=$(printf '%b' "$(printf '%s' "$point" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')") ;; esac
    printf '%s\n' "$point"
  done </proc/self/mountinfo
}

# mounts_below REAL-PATH: where something is mounted below it.
mounts_below() {
  mount_points | while IFS= read -r point; do
    case $point in "${1%/}"/?*) printf '%s\n' "$point" ;; esac
  done
}

# mount_here: a number for the mount that the folder that we are in is on; a bind mount has one of its own.
mount_here() { while read -r key number; do [ "$key" != mnt_id: ] || printf '%s' "$number"; done 3<. </proc/self/fdinfo/3; }

# ---- deletion

# empty_here all|pictures [PATH OTHER…]: delete what is in the folder that we are in, or test pictures alone; and folders
# that are empty then. What is mounted in it stays with all that is in it, and so do others' folders (as paths, ours is
# PATH). Returns 3 where only what is mounted is left, 1 where more is.
empty_here() {
  if [ "$#" -le 2 ] && [ -z "$(mounts_below "$(here)")" ]; then
    # GNU's find goes by descriptors; others know no -regextype, and do nothing.
    case $1 in
      all) find . -regextype posix-basic -xdev -mindepth 1 -delete ;;
      *)
        find . -regextype posix-basic -xdev -type f -name 'Test-Snapshot*' -delete
        find . -regextype posix-basic -xdev -depth -mindepth 1 -type d -empty -delete
        ;;
    esac >/dev/null 2>&1
  fi
  empty_by_steps "$@"
}

# The same with any find: each deletion is of a name in the folder that we are in.
empty_by_steps() (
  what=$1
  place=${2-}
  shift
  [ "$#" = 0 ] || shift
  result=0
  mount=$(mount_here)
  case $what in
    all) find . -maxdepth 1 ! -type d -exec rm -f {} + ;;
    *) find . -maxdepth 1 -type f -name 'Test-Snapshot*' -exec rm -f {} + ;;
  esac || result=1
  for entry in ./* ./.[!.]* ./..?*; do
    if [ -L "$entry" ] || [ ! -d "$entry" ]; then continue; fi
    inner=$place/${entry#./}
    within=$(for other in "$@"; do case $other/ in "$inner"/*) printf '%s\n' "$other" ;; esac done)
    case $newline$within$newline in *"$newline$inner$newline"*) continue ;; esac
    (
      step_into "$entry" || exit 1
      [ "$(mount_here)" = "$mount" ] || exit 3
      if [ "$#" = 0 ]; then
        empty_by_steps "$what"
      else
        as_lines "$within" empty_here "$what" "$inner"
      fi
    )
    case $? in
      0) [ -n "$within" ] || rmdir "$entry" || result=1 ;;
      3) [ "$result" = 1 ] || result=3 ;;
      *) result=1 ;;
    esac
  done
  return "$result"
)

# as_lines LINES COMMAND…: with each of the lines as one word more.
as_lines() {
  lines=$1
  shift
  while IFS= read -r line; do [ -z "$line" ] || set -- "$@" "$line"; done <<LIST
$lines
LIST
  "$@"
}

# first_of FIND-ARGUMENT…: the first path that find prints; it need not look further.
first_of() (
  trap - PIPE
  find "$@" 2>/dev/null | head -n 1
)

# undo_directory PATH: a directory of ours goes with the test pictures in it; anything else that arrived meanwhile stays.
undo_directory() (
  [ -d "${1%/*}/" ] || return 0
  enter_parent "$1" >/dev/null || {
    # What we made was moved away by whoever owns the folder.
    printf 'kept: a link is in its way'
    return 0
  }
  drop_staging
  name=./${1##*/}
  if [ -L "$name" ]; then
    printf 'kept: a link is in its place'
    return 0
  fi
  [ -d "$name" ] || return 0
  (enter "$1" >/dev/null && empty_here pictures 2>/dev/null)
  problem=$(rmdir "$name" 2>&1) && return 0
  if [ -n "$(first_of "$name" ! -type d)" ]; then
    printf 'kept: it holds files that are not ours to delete'
  else
    # Empty and still there, such as where a disk is mounted on it.
    printf 'kept: %s' "${problem:-it cannot be deleted}"
  fi
)

undo_mode() { [ ! -d "$1" ] || own_folder "$1" "$2" "$3"; }

# undo_owner PATH OWNER MODE: of a file; one that is gone, or has another one in its place, is left as it is.
undo_owner() {
  if [ -L "$1" ] || [ ! -f "$1" ]; then return 0; fi
  own_file "$1" "$2" "$3"
}

# rest_directory PATH: only what is empty goes, or has nothing but our test pictures.
rest_directory() {
  [ -d "$1" ] || return 0
  if [ -n "$(first_of "$1" ! -type d ! -name 'Test-Snapshot*')" ]; then
    printf 'kept: it is not empty'
  else
    undo_directory "$1"
  fi
}

# rest_shut PATH: recordings stay, for root alone: the next account may get the number of the one that went.
rest_shut() {
  [ -d "$1" ] || return 0
  if [ -z "$(enter "$1")" ]; then own_folder "$1" root:root 750; else printf 'kept as it is: a link is in its way'; fi
}

# rest_delete PATH [OTHER…]: the folder and all that is in it, but for what is mounted below, and for other cameras'
# folders. Where something is mounted at it, or it is not this camera's alone, it is emptied and stays.
rest_delete() (
  [ -d "${1%/*}/" ] || return 0
  enter_parent "$1" || return 1
  name=./${1##*/}
  if [ -L "$name" ]; then
    rm -f "$name"
    return
  fi
  [ -d "$name" ] || return 0
  why=$(
    exec 2>&1
    enter "$1" && empty_here all "$@"
  )
  emptied=$?
  if [ "$#" -gt 1 ]; then
    problem='other cameras have their folders in it'
  else
    problem=$(rmdir "$name" 2>&1) && return 0
    # Whoever gets the number of an account that is gone gets nothing of what is left.
    [ "$(stat -c %U "$name")" != UNKNOWN ] || rest_shut "$1"
  fi
  below=$(enter "$1" >/dev/null && mounts_below "$(here)" | head -n 3 | tr '\n' ' ')
  case $emptied in
    3) printf 'kept: something is mounted there: %s' "${below% }" ;;
    0)
      if [ "$#" -gt 1 ]; then
        printf 'kept, and emptied: %s' "$problem"
      elif mount_points | grep -qxF -e "$(enter "$1" >/dev/null && here)"; then
        printf 'kept, and empty: a disk is mounted on it'
      else
        printf '%s' "${problem:-it cannot be deleted}"
        return 1
      fi
      ;;
    *)
      printf '%s' "${why:-$problem}" | head -n 3
      return 1
      ;;
  esac
)
