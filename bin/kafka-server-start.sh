#!/bin/sh
# Starts a broker: kafka-server-start.sh [-daemon] server.properties [--override property=value]*
#
# In the foreground the shell is replaced by the broker, so signals reach it. With -daemon the broker's output goes
# to kafkaServer.out in $LOG_DIR, by default the folder logs of this installation.
# NODE names another node than the one in the PATH; LOG_LEVEL=DEBUG, or LOG_LEVEL=WARN,kafka.log=DEBUG, sets levels.

if [ $# -lt 1 ]; then
  echo "USAGE: $0 [-daemon] server.properties [--override property=value]*"
  exit 1
fi

# The installation is where this file really is, whichever links lead to it.
home=$(readlink -f "$0")
home=${home%/*/*}

entry=$home/dist/bundle/kafka-server-start.cjs
node=${NODE:-node}
if [ ! -f "$entry" ]; then
  echo "$entry is missing: run \"npm ci\" in $home first" >&2
  exit 1
fi
if ! command -v "$node" > /dev/null 2>&1; then
  echo "$node was not found: install Node.js 20 or later, or set NODE to its path" >&2
  exit 1
fi

# V8's threads share the work of a collection and wait for each other, which takes long where the cores are busy, and a
# broker leaves little that survives: one thread is as fast at best and four times as fast at the 90th percentile.
flags=--no-parallel-scavenge
# Each thread of glibc's would keep memory of its own, though one does nearly all the work here.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-1}"

if [ "$1" != -daemon ]; then
  exec "$node" $flags "$entry" "$@"
fi

shift
if [ $# -lt 1 ]; then
  echo "USAGE: $0 [-daemon] server.properties [--override property=value]*"
  exit 1
fi
log_dir=${LOG_DIR:-$home/logs}
mkdir -p "$log_dir" || exit 1
SLUICE_DAEMON=1 nohup "$node" $flags "$entry" "$@" > "$log_dir/kafkaServer.out" 2>&1 < /dev/null &
