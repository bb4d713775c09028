#!/bin/sh
# Runs the app ($ELECTRON, with Playwright's $LOADER).
exec "$ELECTRON" -r "$LOADER" "$@"
