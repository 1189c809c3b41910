#!/bin/sh
# The command of the npm package: starts the gateway with the Bun that was installed beside it, which is the one that it was
# built for. It needs neither Node nor a Bun of the machine, and Bun takes over this process, so its signals and its exit
# code are the gateway's own.
set -eu

# npm and Bun put a link to this file on the path.
program=$0
while [ -L "$program" ]; do
  target=$(readlink "$program")
  case $target in
    /*) program=$target ;;
    *) program=${program%/*}/$target ;;
  esac
done
case $program in */*) ;; *) program=./$program ;; esac
here=$(CDPATH='' cd -P -- "${program%/*}" && pwd)

# Package managers differ in the folder, and old ones also install the package of the C library that is not there.
find_bun() {
  folder=$here
  while folder=${folder%/*}; do
    for bun in "$folder"/node_modules/@oven/bun-*/bin/bun; do
      if [ -x "$bun" ] && "$bun" --version >/dev/null 2>&1; then return; fi
    done
    [ -n "$folder" ] || return 1
  done
}

find_bun || {
  echo "Bun was not installed with this package. Install it again, with optional dependencies: they hold Bun." >&2
  exit 1
}
# As in the single binary: no .env and no bunfig.toml of the folder that it is started in.
exec "$bun" --no-env-file --config="$here/bunfig.toml" "$here/main.js" "$@"
