#!/bin/sh
# Secrets of an installation: passwords and tokens as files beside compose.yaml.
#
#   secrets.sh                 make those that are missing; none is ever replaced
#   secrets.sh device ID       give a device or gateway its MQTT account; prints its password
#   secrets.sh forget ID       take the account away
#
# SECRETS_DIR names another folder. The folder is closed to other users of this machine; its
# files are readable, because each container reads its own as a user of its own. The broker's
# accounts belong to its user where the script may say so (run by root).
set -eu
umask 077
dir=${SECRETS_DIR:-$(dirname "$0")/secrets}
passwords=$dir/mosquitto_passwords

say() { printf '%s\n' "$*" >&2; }
die() { say "secrets.sh: $*"; exit 2; }

# 32 random bytes, in letters and digits only.
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

keep() { # name, value: through a temporary file, so that a full disk leaves no half secret
  printf '%s' "$2" > "$dir/$1.new"
  chmod 0444 "$dir/$1.new"
  mv "$dir/$1.new" "$dir/$1"
}

# The line of mosquitto's password file: PBKDF2-SHA512, as mosquitto_passwd writes it.
account() { # user, password
  if command -v mosquitto_passwd > /dev/null; then
    scratch=$(mktemp)
    printf '%s:%s\n' "$1" "$2" > "$scratch"
    mosquitto_passwd -U "$scratch"
    cat "$scratch"
    rm -f "$scratch"
  elif openssl kdf -help > /dev/null 2>&1; then
    salt=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
    hash=$(printf '%s' "$2" | {
      read -r password || true
      openssl kdf -binary -keylen 64 -kdfopt digest:SHA512 -kdfopt "pass:$password" \
        -kdfopt "hexsalt:$salt" -kdfopt iter:101 PBKDF2 | openssl base64 -A
    })
    # The salt's bytes from their hexadecimal digits, without a tool beyond POSIX.
    printf '%s:$7$101$%s$%s\n' "$1" "$(from_hex "$salt" | openssl base64 -A)" "$hash"
  else
    die "mosquitto_passwd or OpenSSL 3 is needed: install mosquitto or openssl"
  fi
}

from_hex() {
  hex=$1
  while [ -n "$hex" ]; do
    rest=${hex#??}
    # shellcheck disable=SC2059
    printf "\\$(printf '%03o' "0x${hex%"$rest"}")"
    hex=$rest
  done
}

replace_account() { # user, line or nothing
  lines=$([ ! -f "$passwords" ] || awk -F: -v user="$1" '$1 != user' "$passwords")
  # Written in place: a container sees the file it was started with, not a new one.
  [ ! -f "$passwords" ] || chmod u+w "$passwords"
  { [ -z "$lines" ] || printf '%s\n' "$lines"; [ -z "${2:-}" ] || printf '%s\n' "$2"; } > "$passwords"
  if [ "$(id -u)" = 0 ]; then
    chown 1883:1883 "$passwords"
    chmod 0400 "$passwords"
  else
    chmod 0444 "$passwords"
  fi
}

valid() {
  case $1 in
    '' | civicmeter | *[!A-Za-z0-9._-]*) die "'$1' cannot be an account: use letters, digits, . _ -" ;;
  esac
}

init() {
  mkdir -p "$dir"
  chmod 0700 "$dir"
  for name in mqtt_password influx_password influx_token influx_read_password api_key read_key grafana_password; do
    if [ -s "$dir/$name" ]; then
      say "$name: kept"
    else
      keep "$name" "$(random)"
      say "$name: made"
    fi
  done
  if [ ! -s "$passwords" ]; then
    replace_account civicmeter "$(account civicmeter "$(cat "$dir/mqtt_password")")"
    say "mosquitto_passwords: made"
  fi
}

case ${1:-init} in
  init) init ;;
  device)
    valid "${2:-}"
    [ -s "$passwords" ] || init
    password=$(random)
    replace_account "$2" "$(account "$2" "$password")"
    printf '%s\n' "$password"
    say "Now tell the broker: docker compose -f $(dirname "$0")/compose.yaml kill -s HUP mosquitto"
    ;;
  forget)
    valid "${2:-}"
    replace_account "$2"
    say "Now restart the broker: docker compose -f $(dirname "$0")/compose.yaml restart mosquitto"
    ;;
  *) die "unknown '$1': secrets.sh [device ID | forget ID]" ;;
esac
