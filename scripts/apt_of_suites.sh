# shellcheck shell=bash
# To be sourced. apt_of_suites FOLDER "MIRROR SUITE"...: sets `apt`, the options by which apt-get and
# apt-cache work on these suites alone, with lists of their own in FOLDER: nothing is installed on this
# machine.
apt_of_suites() {
  local folder suite
  mkdir -p "$1"/{state/lists/partial,cache/archives/partial}
  folder=$(realpath "$1")
  shift
  for suite in "$@"; do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $suite main"
  done > "$folder/sources.list"
  apt=(-qq -o "Dir::Etc::SourceList=$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State=$folder/state" -o Dir::State::status=/dev/null -o "Dir::Cache=$folder/cache"
    -o APT::Sandbox::User=root)
  apt-get "${apt[@]}" update
}
