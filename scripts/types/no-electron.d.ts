// Not a module: where a tsconfig answers "electron" with it, importing Electron is an error.
