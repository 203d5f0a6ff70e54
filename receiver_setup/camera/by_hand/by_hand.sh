# shellcheck shell=sh
# The functions of a script that a person runs; each is printed only if it is called. curl_lines.py splits this file at
# blank lines, so a function must not contain any.
# shellcheck disable=SC2153,SC2154,SC2317,SC2329 # the printed script has the values and the calls

stop() {
  printf 'stopped: %s\n' "$1" >&2
  exit 1
}

# escape TEXT: for a value in quotes in curl's configuration.
escape() {
  sed 's/[\\"]/\\&/g' <<END
$1
END
}

# read_password VARIABLE QUESTION: read it without echo if standard input is a terminal.
read_password() {
  printf '%s: ' "$2" >&2
  if [ -t 0 ]; then
    trap 'stty echo' EXIT
    trap 'exit 130' INT TERM
    stty -echo
    IFS= read -r "$1" || stop 'no password was given'
    stty echo
    trap - EXIT INT TERM
  else
    IFS= read -r "$1" || stop 'no password was given'
  fi
  echo >&2
}

# camera PARAMETER...: send one command; retry while the camera is busy (213, or a test that ends with -6).
# curl URL-encodes every value, and reads secrets from standard input so that ps does not show them.
camera() {
  for parameter in "$@"; do
    set -- "$@" --data-urlencode "$parameter"
    shift
  done
  tries=0
  while :; do
    answer=$(
      curl --disable --noproxy '*' --globoff --silent --show-error --max-time 90 --get --config - "$@" "$CAMERA" <<END
$TLS
$LOGIN
$SECRET
END
    ) || stop 'the camera cannot be reached'
    tries=$((tries + 1))
    case $(value response):$(value result) in
      213:* | *:-6) [ "$tries" -lt 5 ] || return 0 ;;
      *) return 0 ;;
    esac
    sleep 2
  done
}

# value NAME: print the value of a field of the answer, such as response="200";
value() {
  tr -d '\r' <<END | tr ';' '\n' | sed -n "s/^[[:space:]]*$1=\"\(.*\)\"[[:space:]]*\$/\1/p" | sed 1q
$answer
END
}

# change PARAMETER...: send a command that the camera must confirm, with 200 (done) or 219 (already set).
change() {
  camera "$@"
  case $(value response) in
    200 | 219) ;;
    *) stop "the camera refused it: $answer" ;;
  esac
}

# lacks PARAMETER...: the same; succeeds if this firmware wants every field in one command (208).
lacks() {
  camera "$@"
  [ "$(value response)" != 208 ] || return 0
  case $(value response) in
    200 | 219) return 1 ;;
    *) stop "the camera refused it: $answer" ;;
  esac
}

# field NAME: the same of an answer that has a line for each, so that a value may hold `;`.
field() {
  tr -d '\r' <<END | sed -n "s/^[[:space:]]*$1=\"\(.*\)\"[;[:space:]]*\$/\1/p" | sed 1q
$answer
END
}

# plain TEXT: a value without what cameras spell in another way: capitals, blanks around it, zeros before a number, `&`
# as `&amp;`, `./` before a folder and `/` after it.
plain() {
  sed -e 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&apos;/'"'"'/g; s/&amp;/\&/g' -e 's/^[[:space:]]*//; s/[[:space:]]*$//' \
    -e 's/^0*\([0-9][0-9]*\)$/\1/; s|^\./||; s|/*$||' <<END | tr '[:upper:]' '[:lower:]'
$1
END
}

# read_back NAME=VALUE...: what was set counts only once the camera tells it; some are seconds late.
read_back() {
  looks=0
  while :; do
    camera cmd=getftpattr
    lacking=
    for wanted in "$@"; do
      name=${wanted%%=*}
      seen=$(field "$name")
      seen=${seen:-$(value "$name")}
      [ "$(plain "$seen")" = "$(plain "${wanted#*=}")" ] || lacking="$lacking, $wanted (it tells ${seen:-nothing})"
    done
    [ -n "$lacking" ] || return 0
    looks=$((looks + 1))
    [ "$looks" -lt 7 ] || stop "the camera took it and does not have it: ${lacking#, }"
    sleep 2
  done
}

# test_upload: the camera uploads its test picture.
test_upload() {
  camera cmd=testftp
  HOST_KEY=$(value hostkey)
  HOST_KEY=${HOST_KEY##* }
}

# passed: stop unless the test ended with 0.
passed() {
  case $(value result) in
    0) ;;
    -2) stop "the receiver refused the camera's login (-2); $REFUSED" ;;
    -5) stop 'the receiver shows another host key than the one that the camera trusts (-5)' ;;
    *) stop "the test upload failed: $answer" ;;
  esac
}

# compare_host_key: stop unless the camera saw one of the receiver's own keys; any other belongs to an impostor.
compare_host_key() {
  if [ -z "$HOST_KEY" ]; then
    passed
    stop 'the camera does not say which host key it saw'
  fi
  if printf '%s\n' "$HOST_KEYS" | cut -d ' ' -f 2 | grep -qxF -e "$HOST_KEY"; then
    return 0
  fi
  echo 'The camera saw this host key:' >&2
  for type in ssh-ed25519 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 ssh-rsa; do
    printf '%s %s\n' "$type" "$HOST_KEY" | ssh-keygen -lf - 2>/dev/null || :
  done >&2
  echo 'The receiver has these:' >&2
  printf '%s\n' "$HOST_KEYS" | ssh-keygen -lf - >&2 || printf '%s\n' "$HOST_KEYS" >&2
  stop 'something else answers where the camera dials; nothing was trusted'
}
