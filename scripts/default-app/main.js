/**
 * The default app of the stand-in runtime: `electron [-r FILE]... PATH [ARGUMENTS]` loads the app at PATH, as the
 * official runtime's own default app does. process.argv is left as it was given.
 */
const { app } = require('electron');
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

function readArguments(argv) {
  const preloads = [];
  for (let index = 0; index < argv.length; index += 1) {
    const argument = argv[index];
    if (argument === '-r' || argument === '--require') preloads.push(argv[(index += 1)]);
    else if (!argument.startsWith('-')) return { preloads, target: argument };
  }
  return { preloads, target: undefined };
}

function load(target) {
  Object.defineProperty(process, 'defaultApp', { configurable: false, enumerable: true, value: true });
  const root = path.resolve(target);
  const file = Module._resolveFilename(root, null, true);
  const manifestFile = path.join(root, 'package.json');
  if (fs.existsSync(manifestFile)) {
    const manifest = JSON.parse(fs.readFileSync(manifestFile, 'utf8'));
    if (manifest.version) app.setVersion(manifest.version);
    app.name = manifest.productName ?? manifest.name ?? app.name;
    app.setDesktopName(manifest.desktopName ?? `${app.name}.desktop`);
    app.setAppPath(root);
  } else {
    app.setAppPath(path.dirname(file));
  }
  Module._load(file, Module, true);
}

const { preloads, target } = readArguments(process.argv.slice(1));
try {
  if (target === undefined) throw new Error('No app was named. Usage: electron PATH [ARGUMENTS]');
  if (preloads.length > 0) Module._preloadModules(preloads);
  load(target);
} catch (error) {
  console.error(error);
  process.exit(1);
}
