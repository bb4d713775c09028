#!/bin/sh
# Runs the app ($ELECTRON, with Playwright's $LOADER) in a PID namespace of its own, whose /proc shows no other processes.
# $KEYRING: with a keyring in $HOME, which that password opens.
# shellcheck disable=SC2016 # the variables are for the inner shell
if [ -n "$KEYRING" ]; then
  set -- dbus-run-session -- sh -c '
    printf %s "$KEYRING" | gnome-keyring-daemon --unlock --components=secrets >/dev/null
    unset KEYRING
    "$ELECTRON" -r "$LOADER" -r "$0" "$@"' "$(dirname "$0")/keyring.cjs" "$@"
else
  set -- "$(dirname "$0")/with-loader.sh" "$@"
fi
exec unshare --pid --fork --kill-child --mount-proc --propagation private "$@"
