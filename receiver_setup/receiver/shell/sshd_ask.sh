#!/bin/sh
# The one place that asks sshd what it does.

# lower_keywords: what `sshd -T` prints, with keywords in lower case; since OpenSSH 10.4 they are in mixed case.
# Values stay as they are: so the keyword is cut off, made lower case, and put in front of the rest again.
lower_keywords() {
  sed -e 'h
s/ .*//
y/ABCDEFGHIJKLMNOPQRSTUVWXYZ/abcdefghijklmnopqrstuvwxyz/
G
s/\n[^ ]*//'
}

# answer_of COMMAND…: what an `sshd -T` prints, keywords in lower case; false, with sshd's own words, where it refuses.
answer_of() {
  if answer=$("$@" 2>/dev/null </dev/null); then
    printf '%s\n' "$answer" | lower_keywords
  else
    # Its words on standard error would be among its lines where it only warns.
    "$@" 2>&1 </dev/null
    return 1
  fi
}
