#!/bin/sh
# Runs a command by the name of its main class, as Kafka's own script does: kafka-run-class.sh kafka.tools.GetOffsetShell
# ARGUMENT... The other scripts beside this one call it with the command's name.
# NODE names another node than the one in the PATH.

# The installation is where this file really is, whichever links lead to it.
home=$(readlink -f "$0")
home=${home%/*/*}

if [ $# -lt 1 ]; then
  echo "USAGE: $0 [-daemon] classname [opts]"
  exit 1
fi

entry=$home/dist/bundle/kafka-run-class.cjs
node=${NODE:-node}
if [ ! -f "$entry" ]; then
  echo "$entry is missing: run \"npm ci\" in $home first" >&2
  exit 1
fi
if ! command -v "$node" > /dev/null 2>&1; then
  echo "$node was not found: install Node.js 20 or later, or set NODE to its path" >&2
  exit 1
fi
if [ "$1" = -daemon ]; then
  shift
  log_dir=${LOG_DIR:-$home/logs}
  mkdir -p "$log_dir" || exit 1
  nohup "$node" "$entry" "$@" > "$log_dir/${1##*.}.out" 2>&1 < /dev/null &
  exit 0
fi
exec "$node" "$entry" "$@"
