#!/usr/bin/env bash
# Man pages are well formed, completions are valid shell and complete.
#   help_pages_test.sh BIN_DIRECTORY
set -euo pipefail
bin=$(realpath "$1")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }

for program in sonde sonde-collector; do
  python3 packaging/help_pages.py man "$bin/$program" "packaging/man/$program.sections" > "$work/$program.1"
  mandoc -Tlint -W warning "$work/$program.1" || fail "$program.1"
  mandoc -Tutf8 "$work/$program.1" | col -b > "$work/$program.txt"
  python3 packaging/help_pages.py bash "$bin/$program" > "$work/$program.bash"
  bash -n "$work/$program.bash" || fail "bash completion of $program"
  python3 packaging/help_pages.py zsh "$bin/$program" > "$work/_$program"
done
for word in trace doctor '\-\-findings' 'EXIT STATUS' SONDE_COLLECTOR_URL; do
  grep -q -- "$word" "$work/sonde.txt" || fail "sonde.1 does not speak of $word"
done

# completes NAME WORDS...: what the last word may become, on one line.
completes() {
  bash -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    "_${1//-/_}"; echo "${COMPREPLY[*]}"' - "$work/$1.bash" "$@"
}
[[ " $(completes sonde '') " == *' agent '*' trace '* ]] || fail "commands: $(completes sonde '')"
[ "$(completes sonde trace --fin)" = --findings ] || fail "options: $(completes sonde trace --fin)"
[[ " $(completes sonde config '') " == *' check '* ]] || fail "subcommands"
[ "$(completes sonde-collector token re)" = revoke ] || fail "collector"
for program in sonde sonde-collector; do
  head -1 "$work/_$program" | grep -qx "#compdef $program" || fail "zsh completion of $program"
done
echo "help pages: well formed and complete"
