/** Playwright's loader asks for no keyring; this asks for the one that own-namespace.sh has opened. */
require('electron').app.commandLine.appendSwitch('password-store', 'gnome-libsecret');
