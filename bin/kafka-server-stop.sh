#!/bin/sh
# Stops the brokers that were started from this installation: SIGTERM, or the signal that SIGNAL names.
# Brokers of other installations and Apache Kafka's own are left alone.

if [ $# -gt 0 ]; then
  echo "USAGE: $0" >&2
  echo "It takes no arguments, and stops every broker of its installation." >&2
  exit 1
fi

home=$(readlink -f "$0")
home=${home%/*/*}
entry=$home/dist/bundle/kafka-server-start.cjs

# Prints the ids of processes whose program is a node and whose first argument, behind node's own options, is the entry.
find_brokers() {
  if [ -r /proc/self/cmdline ]; then
    for file in $(grep -lsF -e "$entry" /proc/[0-9]*/cmdline); do
      # A process may end at any moment; grep itself is one that did.
      command=$({ tr '\0' '\n' < "$file"; } 2> /dev/null) || continue
      program=$(echo "$command" | sed -n 1p)
      argument=$(echo "$command" | sed -n '2,$p' | grep -v '^--' | head -n 1)
      case ${program##*/} in
        node*) [ "$argument" = "$entry" ] && echo "$file" | tr -dc '0-9\n' ;;
      esac
    done
  else
    # Handed over by environment: awk would read escapes in a -v value.
    ps ax -o pid= -o args= | ENTRY=$entry awk '
      { pid = $1; sub(/^ *[0-9]+ +/, "") }
      (at = index($0, " " ENVIRON["ENTRY"])) && substr($0, 1, at - 1) ~ /(^|\/)node[^\/ ]*( --[^ ]*)*$/ { print pid }'
  fi
}

pids=$(find_brokers)
if [ -z "$pids" ]; then
  echo "No kafka server to stop"
  exit 1
fi
# shellcheck disable=SC2086 # one argument for each id
kill -s "${SIGNAL:-TERM}" $pids
