#!/bin/sh
# Build a throw-away receiver's file system and continue as its PID 1 with inside.sh.
#
# Runs in its own mount, pid, net, uts and ipc namespaces: everything mounted here ends with this process.
# Environment: RX_TREE RX_NAME RX_ADDRESS RX_PREFIX, and the variables of inside.sh
#              RX_CGROUP  the cgroup for systemd as PID 1; else empty
# stdin:       a line as soon as eth0 exists; then the input of inside.sh
# stdout:      our pid in the owner's namespace; then the output of inside.sh
set -eu

# Find an existing directory to mount over, so that nothing is created on the machine (and left behind). It must not be
# the tree itself or a parent of it.
find_base() {
  for base in /mnt /media /srv /opt /tmp; do
    case $RX_TREE/ in "$base"/*) continue ;; esac
    if [ -d "$base" ]; then return; fi
  done
  echo "no directory to mount on" >&2
  return 1
}

# Mount the tree below a tmpfs for all writes. A user namespace may not do this with the machine's own root; and a
# separate file system for /usr would be missing.
overlay_tree() {
  mkdir "$base/upper" "$base/work"
  # Relative, because a colon or a comma in the path would end the option.
  (cd "$RX_TREE" && mount -t overlay receiver -o "lowerdir=.,upperdir=$base/upper,workdir=$base/work" "$root") \
    2>"$base/overlay.log" || return 1
  if [ -x "$root/usr/sbin/sshd" ]; then
    way=overlay
    return
  fi
  umount "$root"
  return 1
}

# Mount the tree's /usr read-only in an otherwise new tree with a copy of /etc.
bind_usr() {
  mount -t tmpfs -o mode=755 receiver "$root"
  (cd "$root" && mkdir -p boot dev etc home media mnt opt proc root run srv sys tmp usr var/cache var/lib var/log \
    var/mail var/spool var/tmp && chmod 700 root && chmod 1777 tmp var/tmp && ln -s /run var/run && ln -s /run/lock var/lock)
  for link in bin sbin lib lib32 lib64 libx32; do
    if [ -L "$RX_TREE/$link" ]; then ln -s "usr/$link" "$root/$link"; fi
  done
  # A user namespace may not bind a file system without its submounts; root should leave them out.
  mount --bind "$RX_TREE/usr" "$root/usr" 2>/dev/null || mount --rbind "$RX_TREE/usr" "$root/usr"
  mount -o remount,bind,ro "$root/usr"
  # Files that only the machine's root may read are skipped; inside.sh creates those that are needed.
  cp -r --preserve=mode,links "$RX_TREE/etc/." "$root/etc" 2>/dev/null || :
  own_setuid_programs
}

# In a user namespace the machine's root is nobody, so its setuid programs and sudo's plug-ins do not work: mount copies
# that belong to our root over them.
own_setuid_programs() {
  mkdir "$base/own"
  for file in usr/bin/sudo usr/bin/su usr/bin/passwd usr/lib/sudo usr/libexec/sudo; do
    if [ ! -e "$root/$file" ]; then continue; fi
    file=$(cd "$root" && readlink -f "$file")
    copy=$base/own/$(echo "$file" | tr / _)
    cp -r --preserve=mode "$file" "$copy" 2>/dev/null || continue
    if [ -f "$copy" ]; then chmod u+s "$copy"; fi
    mount --bind "$copy" "$file"
  done
}

kernel_file_systems() {
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro sysfs "$root/sys" 2>/dev/null || : # a few tools look there, nothing of ours
  mount -t tmpfs -o mode=755 dev "$root/dev"
  mkdir "$root/dev/pts" "$root/dev/shm"
  chmod 1777 "$root/dev/shm"
  for node in null zero full random urandom tty; do
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
  done
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  mount -t tmpfs -o mode=755 run "$root/run"
  mkdir "$root/run/lock" "$root/run/sshd"
  mount -t tmpfs -o mode=1777 tmp "$root/tmp"
}

# systemd manages its own cgroups. The kernel's settings belong to the whole machine, and systemd would change some.
systemd_file_systems() {
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  mount --bind "$root/proc/sys" "$root/proc/sys"
  mount -o remount,bind,ro "$root/proc/sys"
}

# empty_disk DIRECTORY: mount an empty file system that looks like a disk rather than memory.
empty_disk() {
  own=$base/disk${1##*/}
  if [ "$way" = overlay ] && mkdir -p "$own/lower" "$own/upper" "$own/work" &&
    mount -t overlay "${1##*/}" -o "lowerdir=$own/lower,upperdir=$own/upper,workdir=$own/work" "$1" 2>/dev/null; then
    return
  fi
  mount -t tmpfs -o mode=755 empty "$1"
}

# Hide all other files of this machine.
hide_the_rest() {
  for directory in "$root"/* "$root"/.[!.]*; do
    if [ -L "$directory" ] || [ ! -d "$directory" ]; then continue; fi
    case ${directory##*/} in
      bin | dev | etc | lib* | proc | run | sbin | sys | tmp | usr | var) ;;
      root) mount -t tmpfs -o mode=700 empty "$directory" ;;
      *) empty_disk "$directory" ;;
    esac
  done
}

name_it() {
  hostname "$RX_NAME"
  echo "$RX_NAME" >"$root/etc/hostname"
  rm -f "$root/etc/hosts"
  printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$RX_NAME" >"$root/etc/hosts" # sudo looks its own host up
}

# Enter the cgroup, with nothing above it visible; its watcher ends everything in it.
enter_cgroup() {
  echo 0 >"$RX_CGROUP/cgroup.procs"
  exec unshare --cgroup -- sh "$0" entered
}

main() {
  if [ -n "$RX_CGROUP" ] && [ $# = 0 ]; then enter_cgroup; fi
  read -r pid _ </proc/self/stat # of the owner's /proc, which is still the one mounted here
  echo "$pid"
  inside=$(cat "${0%/*}/inside.sh")
  exec 3<&0 </dev/null
  if ! read -r _ <&3; then exit 0; fi # the owner is gone already
  ip link set lo up
  ip addr add "$RX_ADDRESS/$RX_PREFIX" dev eth0
  ip link set eth0 up

  find_base
  mount -t tmpfs -o mode=755,size=1g receiver "$base"
  root=$base/root
  way=
  mkdir "$root"
  overlay_tree || bind_usr
  kernel_file_systems
  if [ -n "$RX_CGROUP" ]; then systemd_file_systems; fi
  hide_the_rest
  name_it
  printf '%s\n' "$inside" >"$root/run/inside.sh"

  mkdir "$root/run/outside"
  cd "$root"
  pivot_root . run/outside
  exec chroot . /bin/bash /run/inside.sh
}

main "$@"
